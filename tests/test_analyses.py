"""The rows of each analysis, of networks whose weights are given."""

import copy

import numpy as np
import pytest
import torch
from planted import run_of
from torch import nn

from hw1.analyses import (
    barriers,
    critical_points,
    dead_units,
    descent,
    distances,
    predict,
    sensitivity,
    sharpness,
    surface,
)
from hw1.data.inputs import Data
from hw1.networks import alignment, models
from hw1.settings.architectures import Mlp
from hw1.settings.dataset import Arrays
from hw1.training import curvature
from hw1.training.evaluation import evaluate

CPU = torch.device("cpu")


def function(x: list[float], targets: list[float]) -> Data:
    columns = {"train_inputs": x, "train_targets": targets}
    return Data({name: np.array(of, float)[:, None] for name, of in columns.items()}, CPU)


LABELS = {"dataset": Arrays(shape=(1,), examples=4, classes=2)}


def labels(train: list[float], test: list[float]) -> Data:
    """Examples of two classes by turns."""
    arrays = {}
    for name, x in (("train", train), ("test", test)):
        arrays |= {f"{name}_inputs": np.array(x)[:, None], f"{name}_targets": np.arange(len(x)) % 2}
    return Data(arrays, CPU)


def test_predictions_stand_beside_what_they_should_be():
    found = predict.analyse([run_of([0, 0], [2, 1])], {}, function([-1, 1], [5, 7]))[""]
    rows = [(row["x"], row["target"], row["prediction"]) for row in found]
    assert rows == [(-1, 5, -1), (1, 7, 3)]


def test_distances_are_of_runs_of_one_variant_at_epochs_that_both_have():
    runs = [
        run_of([0, 0], [1, 1], [3, 4], variant="a"), run_of([0, 1], [4, 5], variant="a", seed=1),
        run_of([9, 9], variant="b"), run_of([9, 3], variant="b", seed=1),
    ]  # fmt: skip
    found = distances.analyse(runs, {"view": "model"}, None)[""]
    columns = ("variant", "seed", "other_seed", "epoch", "distance")
    assert [tuple(row[column] for column in columns) for row in found] == [
        ("a", 0, 1, 0, 1), ("a", 0, 1, 3, 5), ("b", 0, 1, 0, 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "first, second, expected",
    [
        ((1, 2), (2, 1), 4 / 5),
        ((1, 2), (4, -2), 0),
        ((1, 2), (-3, -6), -1),
        ((1, 2), (0, 0), None),  # which went nowhere
    ],
)
def test_the_cosine_is_of_the_ways_from_where_two_runs_began(first, second, expected):
    starts = np.array([[7, -1], [-2, 5]])
    runs = [
        run_of(start, start + 9, start + way, seed=seed)
        for seed, (start, way) in enumerate(zip(starts, (first, second)))
    ]
    rows = distances.analyse(runs, {"view": "model"}, None)[""]
    start, between, end = (row["displacement_cosine"] for row in rows)
    assert start is None  # from where no way has been gone
    assert between == pytest.approx(1, rel=1e-12)
    if expected is None:
        assert end is None
    else:  # in double precision
        assert end == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_dead_units_are_those_of_each_snapshot():
    # Both units are 0 at x = 1 and 2 at first, and so is the one after them; later the second.
    rest = [-1, 0, 0, 1, 1, -1, 0, 1]
    run = run_of([-1, *rest], [1, *rest], hidden=[2, 1])
    found = dead_units.analyse([run], {}, function([1, 2], [0, 0]))[""]
    columns = ("epoch", "layer", "units", "dead_units")
    assert [tuple(row[column] for column in columns) for row in found] == [
        (0, 1, 2, 2), (0, 2, 1, 1), (3, 1, 2, 1), (3, 2, 1, 0),
    ]  # fmt: skip


def test_sensitivity_is_a_mean_over_the_first_test_examples():
    # Weights 3 and -4: the logits' Jacobian has the norm 5, that of the probabilities p (1 - p) 7
    # and the root of 2: at x = 0 a quarter of it, at x = 100 nothing.
    run = run_of([9, 9, 9, 9], [3, -4, 0, 0], **LABELS)
    (row,) = sensitivity.analyse([run], {"examples": 2}, labels([0, 0], [0, 100, 0, 0]))[""]
    assert (row["epoch"], row["examples"], row["logits"]) == (3, 2, 5)
    assert row["probabilities"] == pytest.approx(7 * 2**0.5 / 4 / 2)


def test_sharpness_of_a_parabola_by_hand():
    # Mean square of w x + b - t over x = -1, 0, 1: the Hessian is diag(4/3, 2), at w = 3, b = 0.5
    # with the weights on both sides diag(12, 0.5).
    run = run_of([0, 0], [3, 0.5])
    settings = {"examples": 3, "box": 0.1, "steps": 8}
    (row,) = sharpness.analyse([run], settings, function([-1, 0, 1, 9], [0, 0, 0, 0]))[""]
    assert row["largest_eigenvalue"] == pytest.approx(2)
    assert row["normalised_eigenvalue"] == pytest.approx(12)
    assert row["residual"] < 1e-3 and row["normalised_residual"] < 1e-3
    # 6.25 at first; in a corner of the box 2/3 3.4^2 + 0.65^2.
    assert row["box_rise"] == pytest.approx(100 * (2 / 3 * 3.4**2 + 0.65**2 - 6.25) / 7.25)
    assert (row["epoch"], row["examples"]) == (3, 3)


def test_the_rise_in_a_box_is_that_of_its_highest_point():
    # Steps of 0.05 from 1 go to 1.05 and 1.1, on both sides of the top at 1.07.
    found = sharpness.box_rise(
        lambda w: 1 - (w - 1.07).square().sum(), torch.ones(1, dtype=torch.float64), 0.1, 2
    )
    assert found == pytest.approx(100 * (0.07**2 - 0.02**2) / (2 - 0.07**2))


def test_what_is_left_of_an_eigenvector_is_a_share_of_its_eigenvalue():
    spectrum = torch.linspace(0, 1, 300, dtype=torch.float64)
    (one, rest), (thousand, of_thousand) = (
        curvature.largest_eigenvalue(lambda v, by=by: by * spectrum * v, spectrum, 0.1)
        for by in (1, 1000)
    )
    assert thousand == pytest.approx(1000 * one) and rest > 1e-6
    assert of_thousand == pytest.approx(rest)


def test_eigenvalues_count_beyond_a_share_of_the_largest_absolute_one(monkeypatch):
    spectrum = torch.tensor([-10, -4, -0.5, 0, 0, 0, 0.5, 2])
    monkeypatch.setattr(torch.linalg, "eigvalsh", lambda hessian: spectrum)
    settings = {"examples": 2, "steps": 9, "thresholds": [0, 0.1, 0.3]}
    found = critical_points.analyse([run_of([1, 1])], settings, function([-1, 1], [0, 0]))
    ratios = found["ratios"]
    assert [row["threshold"] for row in ratios] == [0, 0.1, 0.3]
    # On both sides of 0 as far from it; zeros are on none.
    assert [row["minimal_ratio"] for row in ratios] == [2 / 8, 1 / 8, 0]
    assert [row["negative_share"] for row in ratios] == [3 / 8, 2 / 8, 2 / 8]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_descent_is_shown_with_the_losses_of_its_snapshots_and_of_its_plane(sign):
    way = [[3, 0], [0, sign], [-3, 0], [0, -sign]]
    data = function([-1, 2, 9], [1, 3, 9])
    run = run_of(*way)
    found = descent.analyse([run], {"points": 3, "examples": 2}, data)

    def loss(w: float, b: float) -> float:
        return ((b - w - 1) ** 2 + (2 * w + b - 3) ** 2) / 2

    # The first snapshot is on the positive side of the first axis, the second of the second.
    expected = [(3, 1), (0, 2), (-3, 1), (0, 0)]
    assert [row["epoch"] for row in found["path"]] == [0, 3, 6, 9]
    assert [(row["x"], row["y"]) for row in found["path"]] == pytest.approx(expected, abs=1e-6)
    assert [row["loss"] for row in found["path"]] == pytest.approx([loss(*at) for at in way])
    shares = [row["explained_variance_ratio"] for row in found["variance"]]
    assert shares == pytest.approx([0.9, 0.1])
    # A quarter of 6 and of 2 beyond the way.
    assert [row["x"] for row in found[""]] == pytest.approx([-4.5] * 3 + [0] * 3 + [4.5] * 3)
    assert [row["y"] for row in found[""]] == pytest.approx([-0.5, 1, 2.5] * 3)
    for row in found[""]:
        assert row["loss"] == pytest.approx(loss(row["x"], sign * (row["y"] - 1)), rel=1e-5)


def test_the_plane_around_a_network_has_two_directions_which_its_seed_draws():
    data, weights = function([-1, 0.5, 2], [1, 2, 3]), [1.0, -2, 0.5, 0.1, 2, 3, 0.2]

    def losses(seed: int) -> list[float]:
        run = run_of([0] * 7, weights, hidden=[2], seed=seed)
        rows = surface.analyse([run], {"reach": 0.5, "points": 3, "examples": 2}, data)[""]
        assert [row["x"] for row in rows] == [-0.5] * 3 + [0] * 3 + [0.5] * 3
        assert [row["y"] for row in rows] == [-0.5, 0, 0.5] * 3
        return [row["loss"] for row in rows]

    assert losses(0) == losses(0) != losses(1)
    assert len(set(losses(0))) == 9
    run = run_of(weights, hidden=[2])
    split = curvature.first_examples(data, run.settings, 2)
    assert losses(0)[4] == losses(1)[4] == evaluate(run.network(), split).loss


def test_a_barrier_is_of_the_last_weights_and_the_first_examples():
    ends = {"a": [1, -1, 0, 1], "b": [2, 0, 1, 0]}
    runs = [run_of([0] * 4, weights, variant=name, **LABELS) for name, weights in ends.items()]
    data = labels([0.5, -1, 2, 3], [1, 4])
    lines = {"ab": {"from": "a", "to": "b"}}
    settings = {"points": 3, "train_examples": 3, "lines": lines}
    found = {
        (row["split"], row["alpha"]): row["loss"]
        for row in barriers.analyse(runs, settings, data)[""]
    }
    for alpha, run in zip((0, 1), runs):
        split = curvature.first_examples(data, run.settings, 3)
        assert found["train", alpha] == evaluate(run.network(), split).loss
        whole = data.splits(run.settings)["test"]
        assert found["test", alpha] == evaluate(run.network(), whole).loss


def orders_of(model: nn.Module, seed: int) -> list[np.ndarray]:
    """Weights with the hidden units in ten orders, which a seed draws one after the other."""
    random, found = np.random.default_rng(seed), []
    for _ in range(10):
        other = copy.deepcopy(model)
        alignment.reorder(other, [random.permutation(6)])
        found.append(curvature.weights_of(other).numpy())
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_units_are_shuffled_by_the_seed(seed):
    model = models.build(Mlp(hidden=(6,)), (1,), 1, (0, 0))
    run = run_of(curvature.weights_of(model).numpy(), hidden=[6], seed=seed)
    found = list(barriers.weights_at_end(run, run, "shuffled"))
    assert np.array_equal(found, orders_of(model, seed))
    assert len({tuple(weights) for weights in found}) == 10
    (one,) = barriers.weights_at_end(run, run, "matched")  # with itself
    assert np.array_equal(one, run.weights[-1])
    # Those of the end are put in the order of the start's, not the other way round.
    other = run_of(found[0], hidden=[6], seed=seed)
    for units, expected in (("as_trained", other), ("matched", run)):
        (one,) = barriers.weights_at_end(run, other, units)
        assert np.array_equal(one, expected.weights[-1])


def test_of_random_orders_the_mean_is_written():
    nets = [models.build(Mlp(hidden=(6,)), (1,), 2, (seed, 0)) for seed in (0, 1)]
    first, second = (curvature.weights_of(net).numpy() for net in nets)
    runs = [
        run_of(weights, hidden=[6], variant=name, seed=3, **LABELS)
        for name, weights in (("a", first), ("b", second))
    ]
    data = labels([0.5, -1, 2, 3], [1, 4, -2])
    ends = {"from": "a", "to": "b"}
    lines = {"raw": ends, "random": ends | {"units": "shuffled"}}
    settings = {"points": 3, "train_examples": 3, "lines": lines}
    found = barriers.analyse(runs, settings, data)[""]
    assert found == barriers.analyse(runs, settings, data)[""]
    assert len(found) == 2 * 3 * 2
    rows = {(row["variant"], row["split"], row["alpha"]): row for row in found}
    assert len(rows) == len(found)
    splits = {"train": curvature.first_examples(data, runs[0].settings, 3)}
    splits["test"] = data.splits(runs[0].settings)["test"]
    for split, examples in splits.items():
        for alpha in (0, 0.5, 1):
            ways = []
            for last in orders_of(nets[1], 3):
                at = ((1 - alpha) * first.astype(float) + alpha * last).astype(np.float32)
                ways.append(evaluate(run_of(at, hidden=[6], **LABELS).network(), examples))
            raw, random = (rows[name, split, alpha] for name in lines)
            for measure in ("loss", "accuracy"):
                values = [getattr(way, measure) for way in ways]
                assert random[measure] == pytest.approx(np.mean(values), rel=1e-6)
                # The ends are the same functions in any order; between them each line is another.
                if alpha != 0.5:
                    assert random[measure] == pytest.approx(raw[measure], rel=1e-6)
            if alpha == 0.5:
                assert len({way.loss for way in ways}) > 5
