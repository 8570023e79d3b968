"""The loss around networks: curvature, critical points, surfaces, sensitivity, and statistics."""

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT
from planted import at_end, by_batch_size, metrics, run_of
from torch import nn

from hw1 import drawing
from hw1.analyses import aligned_distances, critical_points, descent, sensitivity, surface
from hw1.analyses.sharpness import scaled
from hw1.claims.reading import Missing, TooFew
from hw1.claims.statistics import distances, landscape, size
from hw1.data import inputs
from hw1.networks import alignment, models
from hw1.settings import kinds
from hw1.settings.architectures import Cnn, Mlp
from hw1.training import curvature
from hw1.training.evaluation import evaluate


def classifier(*hidden: int, seed: int = 0, **model) -> tuple[nn.Sequential, inputs.Split]:
    """A network of 6 inputs and 3 classes in double precision, and 40 examples."""
    net = models.build(Mlp(hidden=hidden, **model), (6,), 3, (seed, 0))
    random = torch.Generator().manual_seed(1)
    x = torch.randn(40, 6, generator=random, dtype=torch.float64)
    return net.double(), inputs.Split(x, torch.randint(3, (40,), generator=random))


def rescaled(net: nn.Sequential, by: float) -> nn.Sequential:
    """The same function, with the first layer multiplied and the second divided by a number."""
    with torch.no_grad():
        net[0].weight *= by
        net[0].bias *= by
        net[2].weight /= by
    return net


# --- curvature


def test_the_spectrum_of_a_quadratic_is_known():
    spectrum = torch.tensor([-3.0, 0.0, 0.5, 7.0], dtype=torch.float64)
    axes = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
    matrix = axes @ torch.diag(spectrum) @ axes.T
    weights_at = torch.randn(4, dtype=torch.float64)

    def loss(w):
        return w @ matrix @ w / 2

    product = curvature.hessian_product(loss, weights_at)
    assert torch.allclose(product(axes[:, 3]), 7 * axes[:, 3])
    value, rest = curvature.largest_eigenvalue(product, weights_at)
    assert value == pytest.approx(7, rel=1e-6)  # not -3 turned round
    assert rest < 1e-3


@pytest.mark.parametrize("model", [{}, {"activation": "tanh"}])
def test_hessian_against_finite_differences_and_lanczos_against_the_whole(model):
    net, split = classifier(4, **model)
    loss, at = curvature.loss_of_weights(net, split), curvature.weights_of(net)
    assert loss(at).item() == pytest.approx(evaluate(net, split).loss, rel=1e-12)
    whole = torch.func.hessian(loss)(at)
    gradient, step = torch.func.grad(loss), 1e-6
    for place in (0, 20, len(at) - 1):
        unit = torch.zeros_like(at)
        unit[place] = 1
        slope = (gradient(at + step * unit) - gradient(at - step * unit)) / (2 * step)
        assert torch.allclose(whole[place], slope, atol=1e-7)
        assert torch.allclose(curvature.hessian_product(loss, at)(unit), whole[place], atol=1e-12)
    value, rest = curvature.largest_eigenvalue(curvature.hessian_product(loss, at), at)
    assert value == pytest.approx(torch.linalg.eigvalsh(whole)[-1].item(), rel=1e-6)
    assert rest < 1e-3


def eigenvalues(net: nn.Sequential, split: inputs.Split) -> tuple[float, float]:
    loss, at = curvature.loss_of_weights(net, split), curvature.weights_of(net)
    product = curvature.hessian_product(loss, at)
    return tuple(
        curvature.largest_eigenvalue(p, at, 1e-9)[0] for p in (product, scaled(product, at.abs()))
    )


def test_a_cnn_has_a_curvature_too_and_a_flat_loss_none():
    model = Cnn(conv=(2, 3), kernel=3, padding=1, pooling=True, hidden=(5,))
    net = models.build(model, (1, 8, 8), 4)
    split = inputs.Split(torch.rand(6, 1, 8, 8), torch.arange(6) % 4)
    loss, at = curvature.loss_of_weights(net, split), curvature.weights_of(net)
    assert loss(at).item() == pytest.approx(evaluate(net, split).loss, rel=1e-6)
    value, _ = curvature.largest_eigenvalue(curvature.hessian_product(loss, at), at)
    assert value > 0
    axes = [surface.direction(net, torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    (row,) = surface.plane(net, axes, [0.0], [0.0], split)
    assert row["loss"] == evaluate(net, split).loss
    assert curvature.largest_eigenvalue(lambda v: 0 * v, at) == (0, 0)


def test_only_the_normalised_eigenvalue_stays_when_layers_are_rescaled():
    net, split = classifier(5)
    plain, normalised = eigenvalues(net, split)
    other = eigenvalues(rescaled(net, 4.0), split)
    assert other[1] == pytest.approx(normalised, rel=1e-6)
    assert not 0.5 < other[0] / plain < 2


# --- critical points


def test_a_saddle_is_found_and_its_eigenvalues_are_told():
    def loss(w):
        return w[0] ** 2 - w[1] ** 2 + w[2] ** 4

    at = critical_points.settle(loss, torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64), 500)
    assert torch.func.grad(loss)(at).norm() < 1e-8
    assert at[:2].abs().max() < 1e-8  # uphill in the second, too


def test_the_minimal_ratio_counts_eigenvalues_above_each_threshold():
    """No hidden layer: y = w x + b, whose Hessian is 2 E[(x, 1) (x, 1)^T] = diag(2/3, 2)."""
    x = np.linspace(-1, 1, 2001).reshape(-1, 1)
    data = inputs.Data({"train_inputs": x, "train_targets": 3 * x + 1}, torch.device("cpu"))
    net = models.build(Mlp(hidden=()), (1,), 1)
    run = run_of(curvature.weights_of(net).numpy())
    settings = {"examples": 2001, "steps": 100, "thresholds": [0, 0.3, 0.5]}
    found = critical_points.analyse([run], settings, data)
    (row,) = found[""]
    assert row["gradient_norm"] < 1e-12 < row["trained_gradient_norm"]
    assert row["loss"] < 1e-12 < row["trained_loss"]
    assert [r["minimal_ratio"] for r in found["ratios"]] == [1, 1, 0.5]  # 1/3 of the largest


# --- sensitivity


def test_jacobians_of_a_linear_softmax_in_closed_form():
    net, split = classifier()
    found, of_logits = sensitivity.jacobian_norms(net, split.inputs)
    weight = net[0].weight.detach().numpy()
    for n, logits in enumerate(net(split.inputs).detach().numpy()):
        p = np.exp(logits) / np.exp(logits).sum()
        assert found[n].item() == pytest.approx(
            np.linalg.norm((np.diag(p) - np.outer(p, p)) @ weight), rel=1e-9
        )
        assert of_logits[n].item() == pytest.approx(np.linalg.norm(weight), rel=1e-9)


# --- surfaces


@pytest.mark.parametrize("by", [0.01, 50.0])
def test_the_plane_is_the_same_when_layers_are_rescaled(by):
    def losses(net: nn.Sequential) -> list[float]:
        random = torch.Generator().manual_seed(3)
        axes = surface.direction(net, random), surface.direction(net, random)
        rows = surface.plane(net, axes, [-1.0, 0.0, 0.5], [-0.5, 0.0, 1.0], split)
        return [row["loss"] for row in rows]

    net, split = classifier(7)
    before, plain = curvature.weights_of(net), losses(net)
    assert torch.equal(curvature.weights_of(net), before)
    assert plain[4] == evaluate(net, split).loss  # at 0, 0
    assert len(set(plain)) == 9
    assert losses(rescaled(net, by)) == pytest.approx(plain, rel=1e-9)


def test_directions_have_the_norm_of_each_unit_or_filter():
    model = Cnn(conv=(3,), kernel=3, padding=0, pooling=True, hidden=(5,))
    net = models.build(model, (1, 8, 8), 4)
    parts = surface.direction(net, torch.Generator().manual_seed(0))
    parts = parts.split([p.numel() for p in net.parameters()])
    for parameter, part in zip(net.parameters(), parts):
        part = part.view_as(parameter)
        if parameter.dim() == 1:
            assert not part.any()
        else:
            norms = [t.detach().flatten(1).norm(dim=1) for t in (parameter, part)]
            assert torch.allclose(*norms)


def test_the_plane_of_a_way_that_lies_in_one_holds_all_of_it():
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(30, 2)))[0].T
    way = np.array([[4, 0], [2, 1], [1, 1], [0, 0]]) @ axes + 5
    found, shares = descent.components(way.astype(np.float32))
    assert shares.sum() == pytest.approx(1)
    projected = (way - way[-1]) @ found.T
    assert np.linalg.norm(projected, axis=1) == pytest.approx(
        np.linalg.norm(way - way[-1], axis=1), rel=1e-5
    )
    assert (projected[0] - projected.mean(0))[0] > 0


# --- distances


def test_a_permuted_copy_is_at_a_distance_only_as_trained():
    first, second = (models.build(Mlp(hidden=(9,)), (1,), 1) for _ in range(2))
    alignment.reorder(second, alignment.shuffled(second, np.random.default_rng(0)))
    one, two = (curvature.weights_of(net).numpy() for net in (first, second))
    # Both move by 3 in an output's bias, which no order of hidden units moves.
    moved = np.zeros_like(one)
    moved[-1] = 3
    runs = [
        run_of(start, start + moved, hidden=[9], seed=seed) for seed, start in enumerate((one, two))
    ]
    start, end = aligned_distances.analyse(runs, {}, None)[""]
    assert (start["seed"], start["other_seed"], start["epoch"], end["epoch"]) == (0, 1, 0, 3)
    assert start["distance"] == pytest.approx(np.linalg.norm(one - two), rel=1e-6)
    assert start["aligned_distance"] == end["aligned_distance"] == 0
    assert start["independent_distance"] == start["distance"]
    assert end["independent_distance"] == pytest.approx(
        np.sqrt(start["distance"] ** 2 + 9 + 9), rel=1e-6
    )


# --- statistics by hand


def test_measures_against_their_place_and_their_growth():
    tables = {"t": at_end("c", a=[1.0, 9.0], b=[2.0, 5.0], d=[8.0, 1.0], e=[2.0, 2.0])}
    found = landscape.table_correlation(tables, "t", ["a", "b", "d"], "c")
    assert found.values.tolist() == [1, -1]
    assert landscape.growth(tables, "t", ["a", "d"], "c").values.tolist() == [8, 1 / 9]
    found = landscape.growth(tables, "t", ["a", "d"], "c", baseline=["b", "e"])
    assert found.values.tolist() == pytest.approx([8, (1 / 9) / (2 / 5)])
    for a, b in ((0.0, 1.0), (1.0, 0.0)):  # of the baseline alone, too
        with pytest.raises(Missing, match="c is not above 0 everywhere"):
            tables = {"t": at_end("c", a=[a], b=[b], d=[1.0])}
            landscape.growth(tables, "t", ["d", "a"], "c", baseline=["b", "d"])
    apart = {"t": tables["t"].assign(c=1.0, seed=(tables["t"]["variant"] == "b").astype(int))}
    assert landscape.growth(apart, "t", ["d", "a"], "c").values.tolist() == [1]
    with pytest.raises(TooFew, match="no seed has all arms"):
        landscape.growth(apart, "t", ["d", "a"], "c", baseline=["b", "d"])


def accuracies(train: float = 0.5, **test: list[float]) -> pd.DataFrame:
    """Final accuracies by variant, one per seed; those of training are the same."""
    return metrics(
        [
            {"variant": name, "seed": seed, "split": split, "accuracy": accuracy}
            for name, found in test.items()
            for seed, value in enumerate(found)
            for split, accuracy in (("train", train), ("test", value))
        ]
    )


def test_what_is_left_of_a_gap_by_hand():
    ends = {"a": [0.75, 0.5, 1], "b": [0.625, 0.75, 1], "c": [1, 0.75], "d": [0.5, 0.625]}
    table = accuracies(**ends)
    rules = [["a", "b"], ["c", "d"]]
    found = landscape.gap_left({"e_metrics": table}, "e", *rules, "test")
    assert (found.values.tolist(), found.null) == ([0.25, -2], None)  # the third has no c and d
    with pytest.raises(Missing, match="e_metrics: c is not more accurate everywhere"):
        landscape.gap_left({"e_metrics": table}, "e", *rules, "train")
    with pytest.raises(Missing, match="e_metrics: a is not more accurate everywhere"):
        landscape.gap_left({"e_metrics": table}, "e", *rules[::-1], "test")  # only at one seed


def test_sensitivity_and_gap_by_hand():
    # Gaps as the test accuracies fall: as the sensitivities, the other way round, and alike.
    ends = {"a": [0.75, 0.25, 0.5, 0.5], "b": [0.5, 0.5, 0.5, 0.5], "c": [0.25, 0.75, 0.5]}
    table = accuracies(train=0.875, **ends)
    sensitive = at_end("probabilities", a=[1.0] * 4, b=[2.0] * 4, c=[9.0] * 4)
    tables = {"e_metrics": table, "e_sensitivity": sensitive}
    found = landscape.sensitivity_and_gap(tables, "e", ["c", "a", "b"])
    assert (found.values.tolist(), found.null) == ([1, -1, 0], 0)  # the fourth has no c
    # It is the gap that counts: with a training accuracy as far off as that of tests there is none.
    learned = table.assign(accuracy=table["accuracy"].where(table["split"] == "test"))
    alike = tables | {"e_metrics": learned.assign(accuracy=learned["accuracy"].bfill())}
    found = landscape.sensitivity_and_gap(alike, "e", ["a", "b", "c"])
    assert found.values.tolist() == [0, 0, 0]


def points(
    losses: list[float],
    ratios: list[float],
    norms: list[float],
    negative: list[float] | float = 0.0,
) -> dict:
    runs = pd.DataFrame({"variant": "v", "seed": range(len(losses))})
    return {
        "e_critical_points": runs.assign(loss=losses, gradient_norm=norms),
        "e_critical_points_ratios": pd.concat(
            [runs.assign(threshold=0.0, minimal_ratio=1.0, negative_share=0.0),
             runs.assign(threshold=0.1, minimal_ratio=ratios, negative_share=negative)]
        ),
    }  # fmt: skip


def test_pairs_of_critical_points_by_hand():
    # Arrived are seeds 0, 2 to 8: pairs (0, 2), (3, 4), (5, 6), (7, 8).
    tables = points(
        losses=[1, 9, 2, 1, 2, 3, 3 * (1 + 1e-12), 1, 2],
        ratios=[0.9, 0.1, 0.5, 0.5, 0.8, 0.4, 0.5, 0.6, 0.6],
        norms=[0, 1, 0, 0, 0, 0, 0, 0, 0],
    )
    found = landscape.concordance(tables, "e", "v", 1e-9, 0.1)
    assert found.share and found.of_pairs
    assert found.values.tolist() == [1, 0]  # the third has one loss, the fourth one ratio
    # Of these runs the higher loss goes with more negative eigenvalues, fewer, and as many.
    negative = [0.1, 0.9, 0.2, 0.3, 0.2, 0.1, 0.2, 0.3, 0.3]
    tables["e_critical_points_ratios"].loc[lambda t: t["threshold"] == 0.1, "negative_share"] = (
        negative
    )
    found = landscape.concordance(tables, "e", "v", 1e-9, 0.1, column="negative_share")
    assert found.values.tolist() == [1, 0]
    with pytest.raises(TooFew, match="no two runs with a gradient up to 1e-09 differ"):
        landscape.concordance(tables, "e", "v", 1e-9, 0, column="negative_share")
    with pytest.raises(TooFew, match="no two runs with a gradient up to 1e-09 differ"):
        landscape.concordance(points([1, 2], [0.5, 0.5], [0, 0]), "e", "v", 1e-9, 0.1)
    with pytest.raises(TooFew, match="v has no gradient up to 1e-09"):
        landscape.concordance(points([1, 2], [1, 0.5], [1, 1]), "e", "v", 1e-9, 0.1)
    found = landscape.threshold_effect(tables, "e", "v", 1e-9, 0, 0.1)
    assert found.values[:2].tolist() == pytest.approx([0.1, 0.5])  # seeds 0 and 2
    assert len(found.values) == 8


def bowl(variant: str, heights: list[list[float]]) -> pd.DataFrame:
    """A plane of 5 x 5, the loss at distances 0, 1 and 2 along its axes, and far away elsewhere."""
    return pd.DataFrame(
        {
            "variant": variant, "seed": seed, "x": float(x), "y": float(y),
            "loss": of[max(abs(x), abs(y))] if 0 in (x, y) else 9.0,
        }
        for seed, of in enumerate(heights)
        for x in range(-2, 3)
        for y in range(-2, 3)
    )  # fmt: skip


def test_surfaces_by_hand():
    tables = {
        "e_surface": pd.concat(
            [bowl("flat", [[1, 2, 3], [1, 1.5, 1.2]]), bowl("sharp", [[1, 4, 2], [0, 1.5, 9]])]
        )
    }
    found = landscape.surface_rise_ratio(tables, "e", "sharp", "flat", within=1)
    assert found.values.tolist() == pytest.approx([3, 3])
    found = landscape.surface_roughness(tables, "e", "sharp", "flat")
    assert found.values.tolist() == pytest.approx([2, -0.3])
    with pytest.raises(Missing, match=r"no point within 0\.5"):
        landscape.surface_rise_ratio(tables, "e", "sharp", "flat", within=0.5)


def test_variance_of_a_plane_by_hand():
    table = pd.DataFrame(
        {"variant": "v", "seed": [0, 0, 1, 1], "component": [1, 2, 1, 2],
         "explained_variance_ratio": [0.5, 0.25, 0.75, 0.125]}
    )  # fmt: skip
    found = landscape.plane_variance({"e_descent_variance": table}, "e")
    assert found.values.tolist() == [0.75, 0.875]


def test_ratio_of_two_kinds_of_distances_by_hand():
    pairs = pd.DataFrame(
        {"variant": "v", "seed": [0, 0, 1] * 2, "other_seed": [1, 2, 2] * 2,
         "epoch": [0] * 3 + [4] * 3, "distance": [1.0] * 3 + [2.0] * 3,
         "aligned_distance": [1.0] * 3 + [0.5] * 3}
    )  # fmt: skip
    tables = {"t": pairs}
    found = distances.distance_ratio(tables, "t", "aligned_distance", "distance")
    # Of three runs the first two are a pair.
    assert found.values.tolist() == [0.25]
    assert distances.contraction(tables, "t").values.tolist() == [2]
    aligned = distances.contraction(tables, "t", "aligned_distance")
    assert aligned.values.tolist() == [0.5]


def of_pairs(epochs: dict[int, dict[str, float]], runs: int = 3) -> pd.DataFrame:
    """Distances after each epoch, of the first two runs; those of other pairs are far larger."""
    return pd.DataFrame(
        {"variant": "v", "seed": i, "other_seed": j, "epoch": epoch}
        | {name: value * (1 if (i, j) == (0, 1) else 10 * i + j) for name, value in of.items()}
        for epoch, of in epochs.items()
        for i in range(runs)
        for j in range(i + 1, runs)
    )  # fmt: skip


def test_change_of_the_ratio_of_two_kinds_of_distances_by_hand():
    # From 3/4 over 9/1 to 1/2.
    start, between, end = ({"a": a, "b": b} for a, b in ((3.0, 4.0), (9.0, 1.0), (1.0, 2.0)))
    table = of_pairs({0: start, 2: between, 5: end})
    change = distances.distance_ratio_change
    found = change({"t": table}, "t", "a", "b")
    assert found.values.tolist() == [pytest.approx(2 / 3, rel=1e-15)]
    assert found.of_pairs and found.null == 1
    of_four = of_pairs({0: start, 5: end}, runs=4)
    assert change({"t": of_four}, "t", "b", "a").values.tolist() == pytest.approx([1.5, 1.5])
    with pytest.raises(Missing, match="no snapshots of epoch 0 and of 1 or more later ones"):
        change({"t": of_pairs({1: start, 5: end})}, "t", "a", "b")
    for column in "ab":
        with pytest.raises(Missing, match="t: a ratio to 0"):
            change({"t": of_pairs({0: start | {column: 0.0}, 5: end})}, "t", "a", "b")


def sizes(*seeds: tuple[list[float], list[float], list[float]], widths: list[int]) -> dict:
    """Training accuracy, test accuracy and test loss of each size, by seed."""
    return {
        "e_metrics": metrics(
            [
                {"variant": f"w{width}", "seed": seed, "parameters": width, "split": split,
                 "accuracy": of[place], "loss": losses[place]}
                for seed, (train, test, losses) in enumerate(seeds)
                for place, width in enumerate(widths)
                for split, of in (("train", train), ("test", test))
            ]
        )
    }  # fmt: skip


def test_peak_where_labels_are_fitted_by_hand():
    run = [0.5, 0.9, 0.99, 1.0], [0.6, 0.8, 0.7, 0.9], [4.0, 2.0, 3.0, 1.0]
    tables = sizes(run, run, widths=[10, 20, 30, 40])
    peak = size.fitting_peak
    # A value for the second seed: the sizes are chosen on the first.
    assert peak(tables, "e", "accuracy", "smaller").values.tolist() == [10]
    assert peak(tables, "e", "accuracy", "largest").values.tolist() == [20]
    assert peak(tables, "e", "loss", "smaller").values.tolist() == [1.5]
    assert peak(tables, "e", "loss", "largest").values.tolist() == [3]
    assert peak(tables, "e", "loss", "smaller").null == 1
    assert peak(tables, "e", "accuracy", "smaller").null == 0
    # With fewer labels that have to be fitted, the second size fits them: 2 to 4, and to 1.
    assert peak(tables, "e", "loss", "smaller", accuracy=0.9).values.tolist() == [0.5]
    assert peak(tables, "e", "loss", "largest", accuracy=0.9).values.tolist() == [2]


def test_the_worst_of_the_sizes_that_just_fit_by_hand():
    # The third fits; up to six times its 10 parameters, and no further, goes the fifth.
    run = (
        [0.5, 0.9, 1.0, 0.9, 1.0, 1.0, 1.0],
        [0.6, 0.8, 0.75, 0.5, 0.7, 0.1, 0.9],
        [2.0, 4.0, 3.0, 2.5, 5.0, 9.0, 1.0],
    )
    tables = sizes(run, run, widths=[2, 5, 10, 30, 60, 61, 99])

    def peak(column: str, side: str, up_to: float) -> list[float]:
        return size.fitting_peak(tables, "e", column, side, up_to=up_to).values.tolist()

    assert peak("loss", "smaller", 1) == peak("loss", "smaller", 5.9) == [1.5]
    assert peak("loss", "smaller", 6) == [2.5]
    assert peak("loss", "largest", 6) == [5]
    assert peak("loss", "largest", 6.1) == [9]
    # The errors are 40, 20, 25, 50, 30, 90 and 10 %: another one of them is the worst.
    assert peak("accuracy", "smaller", 1) == [5]
    assert peak("accuracy", "smaller", 6) == [30]
    assert peak("accuracy", "largest", 6) == [40]
    with pytest.raises(Missing, match="no size is larger than those that just fit their labels"):
        peak("loss", "largest", 10)
    assert peak("loss", "smaller", 10) == [4.5]


def test_sizes_are_chosen_on_the_seeds_before():
    learned = [[0.5, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [0.5, 1, 1, 1], [1, 1, 1, 1]]
    losses = [[1, 8, 2, 1], [1, 2, 16, 4], [1, 2, 32, 8], [4, 8, 16, 2], [8, 4, 2, 1]]
    runs = [(train, [1 - x / 100 for x in of], of) for train, of in zip(learned, losses)]
    tables = sizes(*runs, widths=[1, 10, 20, 50])

    def peak(column: str, side: str) -> list[float]:
        return size.fitting_peak(tables, "e", column, side, up_to=2).values.tolist()

    # Before the second seed 10 fits, and has the higher loss of 10 and 20; before the third the
    # median of 50 and 100 % is no fit of 1, and the means are 5 and 9. Before the fourth 1 fits,
    # and there is no smaller one; before the last it is as before the third.
    assert peak("loss", "smaller") == [2 / 1, 32 / 1, 2 / 8]
    assert peak("loss", "largest") == [2 / 4, 32 / 8, 4 / 2, 2 / 1]
    assert peak("accuracy", "smaller") == [2 - 1, 32 - 1, 2 - 8]
    assert peak("accuracy", "largest") == [2 - 4, 32 - 8, 4 - 2, 2 - 1]


def test_the_best_smaller_size_is_that_of_the_seeds_before():
    # Of the second seed 1 is the better one; of the first it was 10.
    seeds = ([4.0, 3.0, 9.0], [1.0, 2.0, 5.0])
    runs = [([0.5, 0.5, 1.0], [1 - x / 100 for x in losses], losses) for losses in seeds]
    tables = sizes(*runs, widths=[1, 10, 20])
    assert size.fitting_peak(tables, "e", "loss", "smaller").values.tolist() == [5 / 2]
    assert size.fitting_peak(tables, "e", "accuracy", "smaller").values.tolist() == [5 - 2]


@pytest.mark.parametrize(
    "train, side, message",
    [
        ([0.5, 0.9], "largest", "e_metrics: no size fits 99 % of its labels"),
        ([1.0, 1.0], "smaller", "e_metrics: the smallest size is the first that fits its labels"),
        ([0.5, 1.0], "largest", "e_metrics: no size is larger than those that just fit"),
    ],
)
def test_where_there_is_no_peak_the_reason_is_said(train, side, message):
    run = train, [0.6, 0.8], [1.0, 1.0]
    tables = sizes(run, run, widths=[1, 2])
    for column in ("loss", "accuracy"):
        with pytest.raises(Missing, match=message):
            size.fitting_peak(tables, "e", column, side)
    with pytest.raises(TooFew, match="no earlier seed to choose the size that fits on"):
        size.fitting_peak(sizes(run, widths=[1, 2]), "e", "loss", side)


# --- figures


def drawn(name: str, tables: list[pd.DataFrame], **options):
    look = {
        "dpi": 50,
        "dataset": "Toy data",
        "colours": {"guide": "C7"},
        "runs": "viridis",
        "left_out": [],
    }
    kind = kinds.load(ROOT / f"src/hw1/figures/{name}.py")
    return drawing.draw(kind.draw, look | options, tables)


def line(axes, label: str) -> tuple[list, list]:
    (found,) = (line for line in axes.lines if line.get_label() == label)
    return list(found.get_xdata()), list(found.get_ydata())


def test_the_figure_of_batch_sizes_has_a_line_for_each_rule():
    runs = [("rule_a_16", 0), ("rule_a_64", 0), ("rule_b_16", 0), ("rule_b_64", 0)]
    ends = pd.DataFrame(runs, columns=["variant", "seed"]).assign(epoch=[5, 5, 3, 9])
    losses = (("train", 1), ("test", 2))
    splits = [ends.assign(split=split, loss=loss, accuracy=0.75) for split, loss in losses]
    measures = ("largest_eigenvalue", "normalised_eigenvalue", "box_rise")
    sharp = ends.assign(**{key: [1.0, 2.0, 3.0, 4.0] for key in measures})
    tables = [pd.concat(splits), ends.assign(probabilities=0.5), sharp]
    figure = drawn("batch_sizes", tables, **by_batch_size(ends["variant"]))
    epochs, _, loss, error, *_, eigenvalue, _, _ = figure.axes
    assert line(epochs, "rule b") == ([16, 64], [3, 9])
    assert line(loss, "rule a") == ([16, 64], [2, 2])
    assert line(error, "rule a") == ([16, 64], [25, 25])
    assert line(eigenvalue, "rule b") == ([16, 64], [3, 4])


def test_the_figure_of_critical_points_tells_those_that_arrived():
    of = points([1.0, 2.0, 3.0], [0.9, 0.5, 0.2], [1e-9, 1e-3, 0])
    tables = [table.assign(experiment="e") for table in of.values()]
    left, _, _ = drawn("minimal_ratio", tables, gradient_norm=1e-8, threshold=0.1).axes
    ratios, losses = line(left, "v: 2 of 3 arrived")
    assert (ratios, losses) == (pytest.approx([90, 20]), [1, 3])
    with pytest.raises(ValueError, match=r"threshold: found 0\.2, expected one of 0, 0\.1"):
        drawn("minimal_ratio", tables, gradient_norm=1e-8, threshold=0.2)


def test_the_figure_of_distances_shows_those_that_the_table_has():
    pairs = pd.DataFrame(
        {"variant": "v", "seed": [0, 0, 1] * 2, "other_seed": [1, 2, 2] * 2,
         "epoch": [0] * 3 + [4] * 3, "distance": [1.0, 2.0, 3.0, 3.0, 4.0, 9.0]}
    )  # fmt: skip
    (panel,) = drawn("distance_by_epoch", [pairs], part="all weights").axes
    assert line(panel, "as trained") == ([0, 4], [2, 4])
    both = pairs.assign(aligned_distance=pairs["distance"] / 2)
    (panel,) = drawn("distance_by_epoch", [both], part="all weights").axes
    assert line(panel, "units aligned") == ([0, 4], [1, 2])


def test_the_figures_of_surfaces_are_drawn_around_the_network():
    planes = pd.concat([bowl("a_b", [[1, 2, 3], [1, 2, 5]]), bowl("c", [[1, 4, 6], [1, 4, 8]])])
    *panels, means, _ = drawn("error_surface", [planes]).axes
    assert [panel.get_title() for panel in panels] == ["a b", "c"]
    assert line(means, "c") == ([0, 1, 2], pytest.approx([1, (4 * 4 + 4 * 9) / 8, 7]))
    way = pd.DataFrame(
        {"variant": "m", "seed": 0, "epoch": [0, 1, 2], "x": [2.0, 1.0, 0.0], "y": [0.0, 1.0, 0.0],
         "loss": [3.0, 2.0, 1.0]}
    )  # fmt: skip
    shares = pd.DataFrame(
        {"variant": "m", "seed": 0, "component": [1, 2], "explained_variance_ratio": [0.75, 0.2]}
    )
    panel, _ = drawn("descent_path", [bowl("m", [[1, 2, 3]]), way, shares]).axes
    assert "the plane holds 95.0 %" in panel.get_title()
    assert [list(panel.lines[0].get_xdata()), list(panel.lines[0].get_ydata())] == [
        [2, 1, 0], [0, 1, 0],
    ]  # fmt: skip
