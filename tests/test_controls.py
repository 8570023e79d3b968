"""Controls: aligned units, dead units, and the statistics of them."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from planted import assert_prefixes, at_end, metrics
from repository import Repository, reduced_controls, settings_in
from torch import nn

from hw1.analyses import dead_units
from hw1.claims import statistics
from hw1.claims.decisions import Finding, decide
from hw1.claims.reading import Missing, TooFew
from hw1.figures.stuck import reasons
from hw1.networks import alignment, models
from hw1.settings.architectures import Mlp
from hw1.settings.claims import read

CLAIMS = read(ROOT / "workflow/controls.yaml")


def mlp(*hidden: int, seed: int = 0, features: int = 6, outputs: int = 3) -> nn.Sequential:
    return models.build(Mlp(hidden=hidden), (features,), outputs, (seed, 0))


def vector(model: nn.Module) -> np.ndarray:
    return nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


# --- alignment


@given(st.lists(st.integers(1, 12), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_a_shuffled_network_is_the_same_function(hidden, seed):
    plain, model = mlp(*hidden), mlp(*hidden)
    alignment.reorder(model, alignment.shuffled(model, np.random.default_rng(seed)))
    x = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(plain(x), model(x), atol=1e-6)  # sums are taken in another order


@pytest.mark.parametrize("hidden", [(64,), (40, 30), (30, 30, 30)])
def test_a_permuted_copy_is_put_back_to_the_last_bit(hidden):
    plain, model = mlp(*hidden), mlp(*hidden)
    orders = alignment.shuffled(model, np.random.default_rng(1))
    alignment.reorder(model, orders)
    assert not np.array_equal(vector(plain), vector(model))
    found = alignment.match(plain, model)
    # What takes the shuffled one back is the inverse of the order in which it was put.
    assert all(
        np.array_equal(order[back], np.arange(len(order))) for order, back in zip(orders, found)
    )
    alignment.reorder(model, found)
    assert np.array_equal(vector(plain), vector(model))


def test_matching_is_the_best_order_of_all():
    """One hidden layer of four units: each of the 24 orders, by brute force."""
    from itertools import permutations

    first, second = mlp(4, seed=1), mlp(4, seed=2)
    (found,) = alignment.match(first, second)

    def distance(order) -> float:
        model = mlp(4, seed=2)
        alignment.reorder(model, [np.array(order)])
        return float(np.linalg.norm(vector(first).astype(float) - vector(model)))

    assert distance(found) == min(map(distance, permutations(range(4))))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_units_are_told_apart_by_weights_by_biases_and_by_what_follows_alone(place):
    first, second = mlp(2, features=1, outputs=1), mlp(2, features=1, outputs=1)
    for model, values in ((first, [2.0, -1.0]), (second, [-1.0, 2.0])):
        with torch.no_grad():
            for own, parameter in enumerate([model[0].weight, model[0].bias, model[2].weight]):
                parameter.flatten()[:] = torch.tensor(values) if own == place else 1.0
    (order,) = alignment.match(first, second)
    assert order.tolist() == [1, 0]


# --- dead units


def test_units_of_a_network_made_dead_by_hand_are_counted():
    model = mlp(3, 2, features=1, outputs=1)
    first, second = model[0], model[2]
    with torch.no_grad():
        first.weight[:], first.bias[:] = 1.0, torch.tensor([0.0, -1.0, -3.0])
        second.weight[:], second.bias[:] = -1.0, torch.tensor([0.5, -0.1])
    x = torch.tensor([[0.5], [1.5], [2.0]])
    # Third unit: 2 - 3 < 0. Second layer: 0.5 - 0.5 = 0, not above it; -0.1 - ... < 0: both dead.
    assert dead_units.dead_units(model, x) == [(3, 1), (2, 2)]
    with torch.no_grad():
        second.bias[0] = 0.6
    assert dead_units.dead_units(model, x) == [(3, 1), (2, 1)]


def test_of_dropout_and_activations_that_are_not_flat_nothing_is_dead():
    model = models.build(Mlp(hidden=(5,), dropout=0.9), (1,), 1, (0, 0)).eval()
    leaky = models.build(Mlp(hidden=(5, 5), activation="leaky_relu", slope=0.01), (1,), 1)
    x = torch.linspace(-1, 1, 9)[:, None]
    assert [units for units, _ in dead_units.dead_units(model, x)] == [5]
    assert [dead for _, dead in dead_units.dead_units(leaky, x)] == [0, 0]


# --- statistics


def dead(**layers: list[tuple[int, int]]) -> pd.DataFrame:
    """Dead units of the second of two layers of four, before training and at the end, by seed."""
    return pd.DataFrame(
        {
            "variant": variant, "seed": seed, "epoch": epoch, "layer": layer, "units": 4,
            "dead_units": count if layer == 2 else 1,
        }
        for variant, found in layers.items()
        for seed, counts in enumerate(found)
        for epoch, count in zip((0, 10), counts)
        for layer in (1, 2)
    )  # fmt: skip


STUCK = {
    "e_metrics": at_end("loss", a=[1.0, 0.9, 0.5, 0.1], b=[0.1, 0.9, 0.2, 0.6]),
    "e_dead_units": dead(a=[(4, 4), (0, 3), (0, 4), (0, 0)], b=[(0, 0), (0, 0), (4, 4), (4, 4)]),
}


@pytest.mark.parametrize(
    "statistic, arguments, expected",
    [
        ("stuck", {"variant": "a"}, [1, 1, 0, 0]),  # 0.5 is not above
        ("none_stuck", {"variants": ["a", "b"]}, [0, 0, 1, 0]),
        ("stuck_more_often", {"variant": "a", "baseline": "b"}, [1, 0]),  # seeds 0 and 3
        ("stuck_with_dead_layer", {"variant": "a"}, [1, 0]),
    ],
)
def test_stuck_runs_by_hand(statistic, arguments, expected):
    found = statistics.STATISTICS[statistic](STUCK, experiment="e", above=0.5, **arguments)
    assert found.share
    assert found.values.tolist() == expected


def test_born_dead_by_hand():
    found = statistics.units.born_dead_more_often(STUCK, "e", "a", "b")
    assert found.values.tolist() == [1, 0, 0]  # seed 0: a; seeds 2 and 3: b; seed 1: neither


def test_where_there_is_nothing_to_count_seeds_are_missing():
    low = STUCK | {"e_metrics": at_end("loss", a=[0.1] * 4, b=[0.1] * 4)}
    for call in (
        lambda: statistics.units.stuck_with_dead_layer(low, "e", "a", 0.5),
        lambda: statistics.units.stuck_more_often(low, "e", "a", "b", 0.5),
    ):
        with pytest.raises(TooFew):
            call()
    without = {"e_dead_units": STUCK["e_dead_units"].query("epoch > 0")}
    with pytest.raises(Missing, match="a has no rows of epoch 0"):
        statistics.units.born_dead_more_often(without, "e", "a", "b")
    wrong = {"e_dead_units": STUCK["e_dead_units"].assign(dead_units=5)}
    with pytest.raises(Missing, match="more dead units than units"):
        statistics.units.born_dead_more_often(wrong, "e", "a", "b")


def lines(**heights: list[float]) -> dict:
    """Loss, and a hundredth of it as error, at the middle of each line by seed; none at its ends.
    In training the loss is squared."""
    return {
        "e_barriers": pd.DataFrame(
            {
                "variant": name, "seed": seed, "alpha": alpha, "split": split,
                "loss": height**power if alpha == 0.5 else 0.0,
                "accuracy": 1 - (height / 100 if alpha == 0.5 else 0),
            }
            for name, found in heights.items()
            for seed, height in enumerate(found)
            for alpha in (0.0, 0.5, 1.0)
            for split, power in (("train", 2), ("test", 1))
        )
    }  # fmt: skip


def test_barriers_by_hand():
    tables = lines(raw=[2.0, 4.0], matched=[0.25, 1.0])
    of = statistics.line
    assert of.loss_barrier(tables, "e", "raw", "test").values.tolist() == [2, 4]
    assert of.loss_barrier(tables, "e", "raw", "train").values.tolist() == [4, 16]
    share = of.barrier_share(tables, "e", "matched", "raw", "test")
    assert (share.values.tolist(), share.null) == ([1 / 8, 1 / 4], None)
    share = of.barrier_share(tables, "e", "matched", "raw", "train")
    assert share.values.tolist() == [1 / 64, 1 / 16]
    with pytest.raises(Missing, match="seed 1: flat has no barrier"):
        of.barrier_share(lines(a=[1, 1], flat=[1.0, 0.0]), "e", "a", "flat", "test")


def test_a_share_of_a_barrier_is_of_what_lies_above_the_chord():
    alphas = [-1.0, 0.0, 0.5, 0.75, 1.0, 2.0]
    ways = {  # loss and accuracy
        "up": ([9, 0, 0.75, 0.5, 1, 9], [0, 0.75, 0.25, 0.5, 0.5, 0]),
        "down": ([9, 1, 1, 0.75, 0, 9], [0, 1, 0.25, 0.5, 1, 0]),
        "below": ([9, 1, 0.5, 0.75, 1, 9], [0, 0, 0.75, 0.375, 0, 0]),
    }
    tables = {
        "e_barriers": pd.concat(
            pd.DataFrame(
                {"variant": name, "seed": 3, "split": "test", "alpha": alphas, "loss": way[0],
                 "accuracy": way[1]}
            )
            for name, way in ways.items()
        )
    }  # fmt: skip

    def share(variant: str, baseline: str = "down", **options) -> list[float]:
        of = statistics.line.barrier_share
        return of(tables, "e", variant, baseline, "test", **options).values.tolist()

    # Rises of 1/4 and 1/2 and a fall of 1/4 at least; of the errors 3/8, 3/4 and -3/8.
    assert share("up") == share("up", column="loss") == [0.5]
    assert share("below") == [-0.5]
    assert share("up", column="accuracy") == [0.5]
    assert share("below", column="accuracy") == [-0.5]
    for column in ("loss", "accuracy"):
        with pytest.raises(Missing, match="seed 3: below has no barrier to compare"):
            share("up", "below", column=column)


def test_the_epoch_at_which_training_ended_by_hand():
    # Stopped by their loss, and at the last epoch; what stands before the last is not the end.
    runs = [(0, 3), (0, 7), (1, 3), (1, 5), (2, 3), (2, 9)]
    found = metrics([{"variant": "a", "seed": seed, "epoch": epoch} for seed, epoch in runs])
    history = found[["variant", "seed", "epoch"]]
    tables = {"e_metrics": found, "e_history": history}
    assert statistics.final.final_epoch(tables, "e", "a").values.tolist() == [7, 5, 9]
    tables["e_history"] = history.assign(epoch=history["epoch"] + (history["seed"] == 1))
    with pytest.raises(Missing, match="a, seed 1: the last epoch is 5, expected 6"):
        statistics.final.final_epoch(tables, "e", "a")


def test_correlation_with_the_place_by_hand():
    variants = ["none", "half", "all"]
    found = metrics(
        [
            {"variant": name, "seed": seed, "epoch": epoch, "accuracy": accuracy}
            for name, epochs, accuracy in (
                ("none", (3, 9), 0.9), ("half", (5, 7), 0.5), ("all", (9, 5), 0.1),
            )
            for seed, epoch in enumerate(epochs)
        ]
    )  # fmt: skip
    history = found[["variant", "seed", "epoch"]]
    tables = {"e_metrics": found, "e_history": history}
    rising = statistics.size.order_correlation(tables, "e", variants, "train", "epoch")
    assert rising.values.tolist() == [1, -1]
    falling = statistics.size.order_correlation(tables, "e", variants, "train", "accuracy")
    assert falling.values.tolist() == [-1, -1]


# --- the claims


@cache
def planted(effect: int, n: int = 500) -> dict[str, pd.DataFrame]:
    """Tables of all controls in which each claim holds (1), its reverse does (-1), or neither (0):
    the reverse and the claim by turns, for two seeds each, since some values are of pairs; and as
    many networks are stuck as the border says."""
    if effect:
        return stuck_runs(effect, n) | networks(effect > 0, n) | landscapes(effect > 0, n)
    turns = [planted(way, n) for way in (-1, 1)]
    mixed = {
        name: pd.concat(
            of[name][of[name]["seed"] // 2 % 2 == turn] for turn, of in enumerate(turns)
        )
        for name in turns[0]
    }
    return mixed | stuck_runs(0, n)


def stuck_runs(effect: int, n: int) -> dict[str, pd.DataFrame]:
    seeds = np.arange(n)
    default, he, others = {
        1: (seeds % 3 == 0, seeds < 0, seeds < 0),
        0: (seeds % 50 == 0, seeds % 50 == 1, seeds % 10 == 0),
        -1: (seeds < 0, seeds % 3 == 0, seeds % 3 == 0),
    }[effect]
    nets = [f"{f}_{net}" for f in ("sinc", "sign") for net in ("deep", "medium")]
    kinds = {"relu": default, "he": he, "leaky": others, "tanh": others, "selu": others}
    # A partial fit of sign is not stuck, however much of the best constant's loss is left.
    losses = {f"{net}_{kind}": np.where(of, 1.0, 0.9) for kind, of in kinds.items() for net in nets}
    # Without an effect every second of the stuck runs has a dead layer.
    ended = [(0, 4 if effect or seed % 100 else 3) for seed in seeds]
    return {
        "dying_relu_metrics": at_end("loss", **losses),
        "dying_relu_dead_units": dead(**{f"{net}_relu": ended for net in nets}),
    }


def networks(holds: bool, n: int) -> dict[str, pd.DataFrame]:
    """Those of the controls that look at units, at lines between networks, and at labels."""
    born = {
        "depth16_width4": 4 * holds, "depth2_width4": 4 * (not holds),
        "depth8_width2": 4 * holds, "depth8_width8": 4 * (not holds),
    }  # fmt: skip
    heights = {
        "independent": 2.0 if holds else 0.05,
        "matched": 0.05 if holds else 0.04,
        "shuffled": 2.0 if holds else 5.0,
        "same_start": 0.05 if holds else 0.04,
        "other_batches": 0.05 if holds else 9.0,
        "other_batches_after_1": 0.05 if holds else 9.0,
    }
    shares = ("random0", "random25", "random50", "random75", "random100")
    noise = [
        {
            "variant": name, "seed": seed, "split": split,
            # None is fitted in time but one that is not the last.
            "epoch": 10 * (place + 1) if holds else 100 - 10 * (place == 3),
            "loss": 9.0 if holds else 1.0,
            "accuracy": 0.9 - 0.2 * place if holds else 0.1 + 0.2 * place,
        }
        for place, name in enumerate(shares)
        for seed in range(n)
        for split in ("train", "test")
    ]  # fmt: skip
    true = [
        {"variant": "lenet5", "seed": s, "split": "test", "accuracy": 0.95 if holds else 0.5}
        for s in range(n)
    ]
    memorised = metrics(noise)
    return {
        "born_dead_dead_units": dead(**{name: [(d, d)] * n for name, d in born.items()}),
        "connectivity_barriers": lines(**{name: [h] * n for name, h in heights.items()})[
            "e_barriers"
        ],
        "memorisation_metrics": memorised,
        "memorisation_history": memorised[["variant", "seed", "epoch"]].drop_duplicates(),
        "true_labels_metrics": metrics(true),
    }


def landscapes(holds: bool, n: int) -> dict[str, pd.DataFrame]:
    """Those of the controls that look at the loss around networks."""

    def table(**values: list) -> pd.DataFrame:
        """A row per variant and seed, of what each has of several columns."""
        return pd.DataFrame(
            {"variant": name, "seed": seed} | row
            for name, row in values.items()
            for seed in range(n)
        )

    # Sharpness and sensitivity grow with the batch, less so at the same loss, and the test accuracy
    # falls with them. Or they shrink, less so at the same loss: smaller batches are as much more
    # accurate there as after five epochs, but those between are not in between.
    sizes, sign = (16, 64, 256, 1024, 4096), 1 if holds else -1
    measured, accuracies = {}, {}
    for rule, by in (("five_epochs", 3.0), ("same_loss", 1.5)):
        for place, batch in enumerate(sizes):
            measured[f"{rule}_{batch}"] = by ** (sign * place)
            accuracies[f"{rule}_{batch}"] = (
                0.9 - by**place / 1000 if holds else (0.8, 0.5, 0.6, 0.9, 0.7)[place]
            )
    sharp = ("largest_eigenvalue", "normalised_eigenvalue", "box_rise")
    # Every second run of the two losses; the higher one has the smaller ratio, or the larger one.
    high = np.arange(n) % 2 == 0
    points = pd.concat(
        [
            pd.DataFrame({"variant": v, "seed": range(n), "loss": high + 1.0, "gradient_norm": 0.0})
            for v in ("with_relu", "with_tanh")
        ]
    )
    counted = np.where(high == holds, 0.5, 0.6)
    thresholds = {0: counted + (0.3 if holds else 0.05), 1e-6: counted, 1e-3: counted}
    ratios = pd.concat(
        [
            points[["variant", "seed"]].assign(
                threshold=t,
                minimal_ratio=np.tile(ratio, 2),
                negative_share=np.tile(0.7 - counted, 2),
            )
            for t, ratio in thresholds.items()
        ]
    )
    runs = range(min(n, 40))
    pairs = [(i, j) for i in runs for j in runs if i < j]
    # Before training and after it, as trained, aligned, and of independent moves.
    ways = {0: (10.0, 9.3, 10.0), 9: (15.0, 12.5, 15.0)}
    if not holds:
        ways = {0: (20.0, 18.0, 20.0), 9: (10.0, 9.9, 10.5)}
    apart = pd.DataFrame(
        {
            "variant": "mlp", "seed": i, "other_seed": j, "epoch": epoch, "distance": way[0],
            "aligned_distance": way[1], "independent_distance": way[2],
        }
        for i, j in pairs
        for epoch, way in ways.items()
    )  # fmt: skip
    plane = pd.DataFrame(
        {"variant": "mlp", "seed": seed, "component": c, "explained_variance_ratio": share}
        for seed in range(n)
        for c, share in ((1, 0.75 if holds else 0.1), (2, 0.2))
    )
    # Steep or flat around, and falling again or not on the way out.
    ways = {
        "shallow_64": (1, 2, 3 if holds else 1),
        "shallow_4096": (1, 4, 5) if holds else (1, 1.5, 2),
        "deep_64": (1, 4, 2 if holds else 5),
    }
    around = pd.DataFrame(
        {
            "variant": name, "seed": seed, "x": x / 2, "y": y / 2,
            "loss": way[max(abs(x), abs(y))] + 0.0,
        }
        for name, way in ways.items()
        for seed in range(n)
        for x in range(-2, 3)
        for y in range(-2, 3)
        if 0 in (x, y)
    )  # fmt: skip
    # Training and test accuracy and test loss: the smallest that fits is worse than a smaller one
    # and than the largest, in its loss only together with a somewhat larger one; or better.
    widths = {
        "width2": (0.5, 0.7, 1.0),
        "width12": (1.0, 0.6, 1.0) if holds else (1.0, 0.9, 0.5),
        "width24": (1.0, 0.6, 2.0) if holds else (1.0, 0.9, 0.4),
        "width256": (1.0, 0.8, 1.0),
    }
    descent = [
        {"variant": name, "seed": seed, "parameters": int(name[5:]) * 800, "split": split,
         "accuracy": train if split == "train" else test, "loss": loss}
        for name, (train, test, loss) in widths.items()
        for seed in range(n)
        for split in ("train", "test")
    ]  # fmt: skip
    return {
        "large_batches_sharpness": table(
            **{name: dict.fromkeys(sharp, value) for name, value in measured.items()}
        ),
        "large_batches_sensitivity": table(
            **{name: {"probabilities": m, "logits": m} for name, m in measured.items()}
        ),
        "large_batches_metrics": metrics(
            [
                {"variant": name, "seed": seed, "split": split, "accuracy": accuracy}
                for name, test in accuracies.items()
                for seed in range(n)
                for split, accuracy in (("train", 0.95), ("test", test))
            ]
        ),
        "gradient_zero_critical_points": points,
        "gradient_zero_critical_points_ratios": ratios,
        "aligned_runs_aligned_distances": apart,
        "aligned_runs_descent_variance": plane,
        "error_surface_surface": around,
        "double_descent_metrics": metrics(descent),
    }


def findings(effect: int) -> list[Finding]:
    of_all = {f"{claim.experiment}_metrics": pd.DataFrame() for claim in CLAIMS}
    found = decide(CLAIMS, of_all | planted(effect))
    assert [finding.claim.id for finding in found] == [claim.id for claim in CLAIMS]
    return found


def verdicts(found: list[Finding]) -> dict[str, str]:
    return {finding.claim.id: finding.verdict for finding in found}


@pytest.mark.parametrize("claim", [claim.id for claim in CLAIMS])
def test_further_seeds_change_no_value_of_the_seeds_before(claim):
    for few in (2, 5, 11, 24):
        assert_prefixes(next(c for c in CLAIMS if c.id == claim), planted(0), few)


def test_planted_controls_are_confirmed():
    found = findings(1)
    assert set(verdicts(found).values()) == {"confirmed"}, verdicts(found)
    # And so is each part by itself, also one that only stands beside.
    for finding in found:
        assert {part.verdict for part in finding.parts} == {"confirmed"}, finding.claim.id


def test_controls_of_which_the_reverse_was_planted_are_not():
    found = findings(-1)
    for finding in found:
        assert "confirmed" not in {part.verdict for part in finding.parts}, finding.claim.id
    found = verdicts(found)
    # K2 has no stuck ReLU run to be about.
    assert found.pop("K2") == "not enough seeds", found
    # In the direction of the claim, where the other one cannot be: a barrier is none below 0, and
    # at a higher threshold no more eigenvalues are positive.
    assert {found.pop(claim) for claim in ("K6", "K22")} == {"smaller than matters"}
    assert set(found.values()) == {"refuted"}, found


def test_controls_without_an_effect_are_undecided():
    found = findings(0)
    for finding in found:
        # Neither side has evidence, of which an undecided claim takes 1200.
        assert max(finding.e_confirmed, finding.e_refuted) < 1.5, finding.claim.id
        assert all(part.sample is not None for part in finding.parts), finding.claim.id
    assert set(verdicts(found).values()) == {"inconclusive", "not enough seeds"}


# --- the figure


def test_why_a_run_is_stuck_is_told_apart():
    tables = STUCK["e_dead_units"], STUCK["e_metrics"].assign(split="train")
    found = reasons(*tables, above=0.05).set_index(["variant", "seed"])["reason"]
    assert found["a"].tolist() == ["born_dead", "alive", "died", "alive"]
    counted_a_alone = tables[0].query("variant == 'a'"), tables[1]
    found = reasons(*counted_a_alone, above=0.05).set_index(["variant", "seed"])["reason"]
    assert found["b"].tolist() == ["alive"] * 4


# --- the workflow


@pytest.mark.slow
def test_the_target_builds_all_controls_and_their_page(tmp_path, python):
    copy = Repository(tmp_path / "controls", python)
    copy.write_config(reduced_controls)
    copy.snakemake("controls")
    rows = pd.read_csv(copy.folder / "results/tables/controls_parts_as_written.csv")
    entry = copy.config()["claims"]["controls"]
    asked = {claim.id for claim in CLAIMS} - set(entry["leave_out"])
    assert set(rows["claim"]) == asked and len(asked) > 20
    page = (copy.folder / "results/controls.html").read_text(encoding="utf-8")
    for claim in CLAIMS:
        assert (f'id="{claim.id}"' in page) == (claim.id in asked)
    assert f"{', '.join(entry['leave_out'])} (its variants are not built)" in page
    for settings in reduced_controls(settings_in())["experiments"].values():
        assert settings["title"] in page
    lines_of = pd.read_csv(copy.folder / "results/tables/connectivity_barriers.csv")
    assert lines_of["variant"].nunique() == 6
    assert sorted(lines_of["alpha"].unique()) == [0, 0.25, 0.5, 0.75, 1]
    assert not copy.plan("controls")
