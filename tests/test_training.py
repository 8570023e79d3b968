"""The training loop: its arithmetic, its records, and that it can stop and go on anywhere."""

from math import nan

import msgspec
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from hw1.data.inputs import Split
from hw1.networks import models, stacks
from hw1.settings.architectures import Mlp
from hw1.settings.training import Training
from hw1.training import checkpoints, loop, recording
from hw1.training.evaluation import evaluate
from hw1.training.optimisation import Optimisation


class Nothing:
    """A resume file that is never there and never due."""

    def load(self, log):
        return None

    def due(self):
        return False


def options(**changes) -> Training:
    said = {
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "batch_size": "full",
        "epochs": 1,
        "precision": "fp32",
        "history": "epoch",
        "history_every": 1,
        "gradient_norm": False,
        "evaluate_each_epoch": [],
        "snapshot_epochs": [],
    }
    return msgspec.convert(said | changes, Training)


def quiet(*_):
    pass


def line() -> tuple[nn.Linear, Split]:
    """y = w x + b with w = 2, b = 0, on x = 1, 2, 3 with targets 0."""
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(2)
        model.bias.zero_()
    return model, Split(torch.tensor([[1.0], [2.0], [3.0]]), torch.zeros(3, 1))


def classification(n: int = 50, features: int = 6) -> dict[str, Split]:
    random = torch.Generator().manual_seed(0)
    inputs = torch.randn(n, features, generator=random)
    return {"train": Split(inputs, torch.randint(10, (n,), generator=random))}


def train_mlp(epochs=3, resume=None, splits=None, model=None, **changes) -> loop.Trained:
    model = models.build(Mlp(hidden=(8,), **(model or {})), (6,), 10, (1, 0))
    chosen = options(epochs=epochs, batch_size=16, **changes)
    (trained,) = loop.train(
        model, splits or classification(), chosen, [(1, 0)], resume or Nothing(), quiet
    )
    return trained


def test_one_step_of_sgd_is_the_analytic_one():
    model, split = line()
    # L = mean((2x)^2): dL/dw = mean(2 * 2x * x) = 4 * 14 / 3, dL/db = mean(2 * 2x) = 8
    (result,) = loop.train(
        model, {"train": split}, options(gradient_norm=True, history="iteration"), [(0, 0)],
        Nothing(), quiet,
    )  # fmt: skip
    assert model.weight.item() == pytest.approx(2 - 0.1 * 56 / 3, abs=1e-6)
    assert model.bias.item() == pytest.approx(-0.1 * 8)
    (row,) = result.history
    assert row["batch_loss"] == pytest.approx(56 / 3)
    assert row["gradient_norm"] == pytest.approx(((56 / 3) ** 2 + 8**2) ** 0.5)
    assert (row["epoch"], row["iteration"]) == (1, 1)


def test_first_step_of_adam_has_the_length_of_the_learning_rate():
    model, split = line()
    loop.train(model, {"train": split}, options(optimizer="adam"), [(0, 0)], Nothing(), quiet)
    assert model.weight.item() == pytest.approx(2 - 0.1, abs=1e-6)
    assert model.bias.item() == pytest.approx(-0.1, abs=1e-6)


def test_each_epoch_sees_every_example_once_in_an_order_of_its_own():
    seen = []

    class Recorder(nn.Linear):
        def forward(self, x):
            seen.append(x.flatten().tolist())
            return super().forward(x)

    x = torch.arange(10.0)[:, None]
    loop.train(
        Recorder(1, 1), {"train": Split(x, x)}, options(batch_size=4, epochs=2, learning_rate=1e-4),
        [(0, 0)], Nothing(), quiet,
    )  # fmt: skip
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = sum(seen[:3], []), sum(seen[3:], [])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != list(range(10))


def test_epoch_loss_weighs_a_short_last_batch_by_its_size():
    splits = classification(50)  # 16, 16, 16 and 2 examples
    per_iteration = train_mlp(1, splits=splits, history="iteration").history
    (per_epoch,) = train_mlp(1, splits=splits).history
    sizes = [16, 16, 16, 2]
    for column in ("batch_loss", "batch_accuracy"):
        mean = sum(row[column] * size for row, size in zip(per_iteration, sizes)) / 50
        assert per_epoch[column] == pytest.approx(mean, rel=1e-6)


def test_history_keeps_every_nth_epoch_and_the_last():
    history = train_mlp(7, history_every=3).history
    assert [row["epoch"] for row in history] == [3, 6, 7]
    assert [row["iteration"] for row in history] == [12, 24, 28]


def test_iterations_are_counted_from_the_first_epoch_on():
    history = train_mlp(2, history="iteration").history
    assert [row["epoch"] for row in history] == [1] * 4 + [2] * 4
    assert [row["iteration"] for row in history] == [*range(1, 9)]


def test_snapshots_are_of_the_epochs_asked_for_and_not_views():
    result = train_mlp(4, snapshot_epochs=[0, 2])
    assert sorted(result.snapshots) == [0, 2, 4]
    initial = models.build(Mlp(hidden=(8,)), (6,), 10, (1, 0)).state_dict()
    assert all(torch.equal(result.snapshots[0][name], initial[name]) for name in initial)
    weights = [result.snapshots[epoch]["0.weight"] for epoch in (0, 2, 4)]
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def test_frozen_evaluation_after_each_epoch():
    result = train_mlp(2, evaluate_each_epoch=["train"])
    model = models.build(Mlp(hidden=(8,)), (6,), 10)
    model.load_state_dict(result.snapshots[2])
    score = evaluate(model, classification()["train"])
    assert result.history[-1]["train_loss"] == score.loss
    assert result.history[-1]["train_accuracy"] == score.accuracy


@pytest.mark.parametrize(
    "batch_size, where", [(1, "epoch 1, iteration 3"), ("full", "epoch 1, it")]
)
def test_a_loss_that_is_not_finite_is_located(batch_size, where, monkeypatch):
    monkeypatch.setattr(torch, "randperm", lambda n, generator: torch.arange(n))
    x = torch.tensor([[1.0], [1.0], [nan], [1.0]])
    with pytest.raises(ValueError, match=f"the loss of seed 0 is nan at {where}"):
        loop.train(
            nn.Linear(1, 1), {"train": Split(x, x)}, options(batch_size=batch_size), [(0, 0)],
            Nothing(), quiet,
        )  # fmt: skip


class Killed(Exception):
    """Stands for the end of the process."""


class KilledAfter(checkpoints.ResumeFile):
    """Saves after every iteration, and ends the run after a number of saves."""

    def __init__(self, path, saves):
        super().__init__(path, "fingerprint", 0)
        self.saves = saves

    def save(self, state):
        super().save(state)
        self.saves -= 1
        if self.saves == 0:
            raise Killed


@settings(max_examples=25)
@given(
    stops=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    optimizer=st.sampled_from(["adam", "sgd"]),
    history=st.sampled_from(["epoch", "iteration"]),
    later=st.sampled_from(
        [
            {},
            {"schedule": {"kind": "cosine", "warmup": 1}},
            {"phases": [{"after": 1, "optimizer": "adam"}, {"after": 2, "learning_rate": 0.01}]},
        ]
    ),
    model=st.sampled_from([{}, {"dropout": 0.5}, {"batch_norm": True}]),
)
def test_a_run_stopped_anywhere_ends_like_an_undisturbed_one(
    tmp_path_factory, stops, optimizer, history, later, model
):
    changes = dict(
        optimizer=optimizer, history=history, gradient_norm=True, snapshot_epochs=[0, 1],
        evaluate_each_epoch=["train"], model=model, **later,
    )  # fmt: skip
    undisturbed = train_mlp(3, **changes)
    path = tmp_path_factory.mktemp("run") / "run.resume"
    result = None
    for saves in [*stops, 10**9]:
        try:
            result = train_mlp(3, KilledAfter(path, saves), **changes)
            break
        except Killed:
            pass
    assert result.history == undisturbed.history
    assert list(result.snapshots) == list(undisturbed.snapshots)
    for epoch, weights in undisturbed.snapshots.items():
        for name, tensor in weights.items():
            assert torch.equal(result.snapshots[epoch][name], tensor)


def wave(n: int = 40) -> dict[str, Split]:
    x = torch.linspace(-1, 1, n)[:, None]
    return {"train": Split(x, torch.sin(5 * x))}


def built(seeds, hidden=(6, 5), activation="relu") -> list[nn.Sequential]:
    slope = 0.01 if activation == "leaky_relu" else None
    model = Mlp(hidden=hidden, activation=activation, slope=slope)
    return [models.build(model, (1,), 1, (seed, 0)) for seed in seeds]


def train_stack(
    seeds, epochs=30, resume=None, hidden=(6, 5), activation="relu", n=40
) -> list[loop.Trained]:
    chosen = options(optimizer="adam", learning_rate=0.01, epochs=epochs, snapshot_epochs=[0, 3])
    return loop.train(
        stacks.Stack(built(seeds, hidden, activation)), wave(n), chosen,
        [(seed, 0) for seed in seeds], resume or Nothing(), quiet,
    )  # fmt: skip


@pytest.mark.parametrize("hidden", [[6, 5], [190], [5, 10, 10, 10, 5], [10, 18, 15, 4]])
@pytest.mark.parametrize("seeds", [[3], [4, 2], [0, 3, 1, 6, 5]])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "selu"])
def test_runs_end_in_the_same_bits_whichever_others_train_with_them(hidden, seeds, activation):
    # 37 points: the activations of a layer are no whole number of vectors.
    options = {"hidden": hidden, "activation": activation, "n": 37}
    everybody = train_stack(range(7), **options)
    trained_together = train_stack(seeds, **options)
    for seed, trained in zip(seeds, trained_together, strict=True):
        assert trained.history == everybody[seed].history
        assert list(trained.snapshots) == [0, 3, 30]
        for epoch, weights in trained.snapshots.items():
            for name, tensor in weights.items():
                assert torch.equal(tensor, everybody[seed].snapshots[epoch][name])


def test_a_loss_that_is_not_finite_is_located_in_its_seed():
    members = built([4, 9])
    with torch.no_grad():
        members[1][0].bias[0] = nan
    with pytest.raises(
        ValueError, match="the loss of seed 9 is nan at epoch 1, iteration 1: lower"
    ):
        loop.train(stacks.Stack(members), wave(), options(), [(4, 0), (9, 0)], Nothing(), quiet)


def test_bf16_rounds_the_passes_but_not_the_weights():
    exact, rounded = train_mlp(2), train_mlp(2, precision="bf16")
    assert rounded.history[-1] == pytest.approx(exact.history[-1], rel=0.02)
    assert rounded.history[-1] != exact.history[-1]
    for name, tensor in rounded.snapshots[2].items():
        assert tensor.dtype == torch.float32
        assert not torch.equal(tensor, tensor.bfloat16().float())
        assert torch.allclose(tensor, exact.snapshots[2][name], atol=0.02)


def mlps(seeds) -> list[nn.Sequential]:
    """Of layers that are not so small that torch multiplies several by code of its own."""
    return [models.build(Mlp(hidden=(24, 20)), (30,), 10, (seed, 0)) for seed in seeds]


def train_side_by_side(seeds, splits, resume=None, **changes) -> list[loop.Trained]:
    chosen = options(**{"epochs": 3, "batch_size": 16} | changes)
    keys = [(seed, 0) for seed in seeds]
    stack = stacks.RowStack(mlps(seeds))
    return loop.train(stack, splits, chosen, keys, resume or Nothing(), quiet)


def same(ours: loop.Trained, theirs: loop.Trained) -> bool:
    return ours.history == theirs.history and all(
        torch.equal(ours.snapshots[epoch][name], tensor)
        for epoch, weights in theirs.snapshots.items()
        for name, tensor in weights.items()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "adam", "snapshot_epochs": [0, 2]},
        {"gradient_norm": True, "history": "iteration"},
        {"evaluate_each_epoch": ["train"], "history_every": 2},
        {"batch_size": 50},
        {"batch_size": 25},
    ],
    ids=str,
)
@pytest.mark.parametrize("seeds", [[3], [5, 1], [0, 1, 2, 3, 4]])
def test_each_of_several_mlps_ends_in_the_bits_that_it_has_alone(changes, seeds):
    splits = classification(features=30)
    assert stacks.same_bits(mlps([0])[0], (16, 2, 50, 25))
    stacked = train_side_by_side(seeds, splits, **changes)
    chosen = options(**{"epochs": 3, "batch_size": 16} | changes)
    for seed, ours in zip(seeds, stacked, strict=True):
        (alone,) = loop.train(mlps([seed])[0], splits, chosen, [(seed, 0)], Nothing(), quiet)
        assert list(ours.snapshots) == list(alone.snapshots)
        assert same(ours, alone)


def resumed_mlps(resume=None) -> list[loop.Trained]:
    changes = {"optimizer": "adam", "gradient_norm": True, "history": "iteration"}
    return train_side_by_side([4, 2], classification(features=30), resume, **changes)


@pytest.mark.parametrize(
    "train", [lambda resume=None: train_stack([1, 2], resume=resume), resumed_mlps],
    ids=["functions", "mlps"],
)  # fmt: skip
def test_runs_stopped_together_and_resumed_end_like_undisturbed_ones(tmp_path, train):
    with pytest.raises(Killed):
        train(KilledAfter(tmp_path / "r", 6))
    assert all(map(same, train(KilledAfter(tmp_path / "r", 10**9)), train()))


def test_a_processor_that_rounds_several_products_otherwise_is_noticed(monkeypatch):
    member = mlps([0])[0]
    assert stacks.same_bits(member, (16,))
    bmm = torch.Tensor.bmm
    monkeypatch.setattr(torch.Tensor, "bmm", lambda self, other: bmm(self, other) * (1 + 1e-7))
    assert not stacks.same_bits(member, (16,))


def test_momentum_and_weight_decay_are_the_textbooks():
    def weight_after(steps, **changes):
        model, split = line()
        chosen = options(epochs=steps, learning_rate=0.01, **changes)
        loop.train(model, {"train": split}, chosen, [(0, 0)], Nothing(), quiet)
        return model.weight.item(), model.bias.item()

    # With b = 0 at first: dL/dw = 28/3 w + 4 b, dL/db = 4 w + 2 b.
    w, b, vw, vb = 2.0, 0.0, 0.0, 0.0
    for _ in range(3):
        gw, gb = 28 / 3 * w + 4 * b + 0.1 * w, 4 * w + 2 * b + 0.1 * b
        vw, vb = 0.9 * vw + gw, 0.9 * vb + gb
        w, b = w - 0.01 * vw, b - 0.01 * vb
    assert weight_after(3, momentum=0.9, weight_decay=0.1) == pytest.approx((w, b), rel=1e-5)
    # Decoupled: the first step of adamw has the length of the rate, on top of a shrunken weight.
    assert weight_after(1, optimizer="adamw", weight_decay=0.5)[0] == pytest.approx(
        2 * (1 - 0.01 * 0.5) - 0.01, rel=1e-5
    )


def test_learning_rates_of_schedules():
    def rates(epochs, iterations, **schedule):
        (phase,) = options(learning_rate=0.4, epochs=epochs, schedule=schedule).in_phases()
        steps = range(epochs * iterations)
        return [phase.learning_rate_of(step / iterations, iterations) for step in steps]

    assert rates(2, 2, kind="constant", warmup=1) == pytest.approx([0.2, 0.4, 0.4, 0.4])
    assert rates(3, 1, kind="step", every=2, factor=0.5) == pytest.approx([0.4, 0.4, 0.2])
    assert rates(4, 1, kind="cosine") == pytest.approx([0.4, 0.341421, 0.2, 0.058579], abs=1e-6)
    assert rates(3, 1, kind="cosine", warmup=1) == pytest.approx([0.4, 0.4, 0.2])


def test_a_schedule_moves_with_every_step_and_begins_anew_with_a_phase():
    weight = torch.zeros(1, requires_grad=True)
    weight.grad = torch.ones(1)
    later = {"after": 2, "learning_rate": 0.1, "schedule": {"kind": "constant", "warmup": 1}}
    chosen = options(epochs=3, learning_rate=0.4, schedule={"kind": "cosine"}, phases=[later])
    optimisation, steps = Optimisation(chosen, [weight], 2), []
    for epoch in (1, 2, 3):
        optimisation.epoch(epoch)
        for iteration in (0, 1):
            before = weight.item()
            optimisation.step(iteration)
            steps.append(before - weight.item())
    # Half a period of the cosine over two epochs of two steps; then half of 0.1, and all of it.
    expected = [0.4, 0.341421, 0.2, 0.058579, 0.05, 0.1]
    assert steps == pytest.approx(expected, abs=1e-6)


def test_a_training_ends_when_its_loss_is_low_enough():
    losses = [row["batch_loss"] for row in train_mlp(9).history]
    stopped = train_mlp(9, stop={"batch_loss": losses[3]}, history_every=5)
    assert [row["epoch"] for row in stopped.history] == [4]
    assert list(stopped.snapshots) == [4]
    assert list(train_mlp(2, stop={"batch_loss": 0}).snapshots) == [2]


def test_a_step_against_the_gradients_norm_is_the_analytic_one():
    model, split = line()
    chosen = options(objective="gradient_norm", gradient_norm=True, history="iteration")
    (result,) = loop.train(model, {"train": split}, chosen, [(0, 0)], Nothing(), quiet)
    # L = mean((w x + b)^2), so g = H (w, b) with H = [[28/3, 4], [4, 2]], and d|g| = H g / |g|.
    g = (56 / 3, 8.0)
    norm = (g[0] ** 2 + g[1] ** 2) ** 0.5
    slope = ((28 / 3 * g[0] + 4 * g[1]) / norm, (4 * g[0] + 2 * g[1]) / norm)
    assert model.weight.item() == pytest.approx(2 - 0.1 * slope[0], rel=1e-5)
    assert model.bias.item() == pytest.approx(-0.1 * slope[1], rel=1e-5)
    (row,) = result.history
    assert row["batch_loss"] == pytest.approx(56 / 3)
    assert row["gradient_norm"] == pytest.approx(norm)


def test_a_phase_is_a_training_of_its_own_from_where_the_one_before_ended():
    later = {"optimizer": "adam", "learning_rate": 0.02, "objective": "gradient_norm"}
    chosen = options(epochs=5, momentum=0.9, learning_rate=0.01, phases=[{"after": 2, **later}])
    both, split = line()
    loop.train(both, {"train": split}, chosen, [(0, 0)], Nothing(), quiet)
    one, _ = line()
    first = options(epochs=2, momentum=0.9, learning_rate=0.01)
    for settings_ in (first, options(epochs=3, **later)):
        loop.train(one, {"train": split}, settings_, [(0, 0)], Nothing(), quiet)
    assert torch.equal(both.weight, one.weight) and torch.equal(both.bias, one.bias)


def test_what_a_phase_does_not_say():
    chosen = options(
        epochs=10, optimizer="sgd", momentum=0.9, weight_decay=0.1, objective="gradient_norm",
        phases=[{"after": 4}, {"after": 9, "optimizer": "adam"}],
    )  # fmt: skip
    first, *later = found = chosen.in_phases()
    assert [phase.epochs for phase in found] == [4, 5, 1]
    assert (first.momentum, first.weight_decay, first.objective) == (0.9, 0.1, "gradient_norm")
    assert [phase.learning_rate for phase in later] == [0.1, 0.1]
    assert [phase.optimizer for phase in later] == ["sgd", "adam"]
    for phase in later:
        assert (phase.momentum, phase.weight_decay, phase.objective) == (0, 0, "loss")
    after = [chosen.phase_of(epoch).after for epoch in (1, 4, 5, 9, 10)]
    assert after == [0, 0, 4, 4, 9]


def test_dropout_leaves_out_units_in_training_and_none_in_evaluation():
    """Other units in every iteration and for every seed, whatever drew numbers before."""
    plain, dropped = (train_mlp(2, evaluate_each_epoch=["train"], model=m) for m in (None, DROP))
    torch.rand(5)
    assert same(train_mlp(2, evaluate_each_epoch=["train"], model=DROP), dropped)
    assert dropped.history[0]["batch_loss"] != plain.history[0]["batch_loss"]
    model = models.build(Mlp(hidden=(8,), **DROP), (6,), 10, (1, 0))
    model.load_state_dict(dropped.snapshots[2])
    score = evaluate(model, classification()["train"])
    assert dropped.history[-1]["train_loss"] == score.loss
    assert model.training
    split = classification()["train"]
    with torch.no_grad():
        assert not torch.equal(model(split.inputs), model(split.inputs))
    bare = models.build(Mlp(hidden=(8,)), (6,), 10, (1, 0))
    bare.load_state_dict(dropped.snapshots[2])
    assert evaluate(bare, split) == score


DROP = {"dropout": 0.5}


def test_batch_norm_keeps_the_statistics_of_what_it_saw():
    splits = {"train": Split(*(part[:16] for part in classification()["train"]))}
    result = train_mlp(
        1, splits=splits, snapshot_epochs=[0], model={"batch_norm": True}, learning_rate=1e-9
    )
    before = result.snapshots[0]
    linear = splits["train"].inputs @ before["0.weight"].T + before["0.bias"]
    # From 0 and 1 a tenth of the way to mean and (unbiased) variance of the only batch.
    for name, expected in (
        ("running_mean", 0.1 * linear.mean(0)),
        ("running_var", 0.9 + 0.1 * linear.var(0)),
    ):
        assert torch.allclose(result.snapshots[1][f"1.{name}"], expected, atol=1e-6)


@pytest.mark.parametrize("each, left", [(8, "8 s"), (119, "119 s"), (300, "5 min")])
@pytest.mark.parametrize("stop, limit", [({}, "about"), ({"stop": {"batch_loss": 0.0}}, "at most")])
def test_a_long_epoch_tells_how_far_it_is(monkeypatch, stop, limit, each, left):
    monkeypatch.setattr(recording, "SECONDS_BETWEEN_PROGRESS_LINES", 0)
    seconds = iter(range(1000))
    monkeypatch.setattr(recording.Record, "seconds", lambda record: each * next(seconds))
    model = models.build(Mlp(hidden=(8,)), (6,), 10, (1, 0))
    said = []
    loop.train(
        model, classification(), options(epochs=2, batch_size=25, **stop), [(1, 0)], Nothing(),
        said.append,
    )  # fmt: skip
    # Two mini-batches in each of two epochs, and a line at the end of each.
    assert [line.split("  ")[:2] for line in said] == [
        ["epoch 1/2", "25%"], ["epoch 1/2", "50%"], ["epoch 1/2", "50%"],
        ["epoch 2/2", "75%"], ["epoch 2/2", "100%"], ["epoch 2/2", "100%"],
    ]  # fmt: skip
    assert said[1].endswith(f"  {each} s, {limit} {left} left")
    assert said[3].endswith(f"  {3 * each} s, {limit} {left} left")
    assert "  loss " in said[2] and "left" not in said[5]
