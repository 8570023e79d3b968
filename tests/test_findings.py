"""What figures say that they show: numbers by hand, and words that turn with the numbers."""

from xml.etree import ElementTree

import pandas as pd
import pytest
from conftest import ROOT
from PIL import Image
from planted import by_batch_size

from hw1 import drawing, page
from hw1.results import wording
from hw1.settings import kinds


def finding(name: str, *tables: pd.DataFrame, **options) -> str:
    kind = kinds.load(ROOT / f"src/hw1/figures/{name}.py")
    style = {"dataset": "Toy data", "left_out": []} | options
    return drawing.describe(kind.finding, style, list(tables))


def runs(*ends: tuple, columns: str = "loss accuracy", **same) -> pd.DataFrame:
    """A row for each tuple: variant, seed, and the values of some columns."""
    return pd.DataFrame(ends, columns=["variant", "seed", *columns.split()]).assign(**same)


def both(train: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([train.assign(split="train"), test.assign(split="test")], ignore_index=True)


def test_what_is_shown_stands_in_both_files_which_are_the_same_each_time(tmp_path):
    said = "The loss falls: 3 < 4 & “5”."
    for name in ("a", "b"):
        figure = drawing.Figure()
        figure.subplots().plot([1, 2])
        drawing.save(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.svg", 50, said)
    for ending in ("png", "svg"):
        first, second = (tmp_path / f"{name}.{ending}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
    described = "{http://purl.org/dc/elements/1.1/}description"
    assert page.finding(tmp_path / "a.png") == said
    assert [e.text for e in ElementTree.parse(tmp_path / "a.svg").iter(described)] == [said]
    drawing.save(figure, tmp_path / "c.png", tmp_path / "c.svg", 50)
    assert page.finding(tmp_path / "c.png") == ""
    assert "Description" not in Image.open(tmp_path / "c.png").info
    assert not list(ElementTree.parse(tmp_path / "c.svg").iter(described))


def test_a_finding_is_of_the_variants_that_the_figure_shows():
    table = runs(("a", 0, 0.5), ("b", 0, 0.1), columns="batch_loss", epoch=3)
    said = finding("function_loss", table, table, left_out=["b"])
    assert said == "The median mean squared error in the last epoch is 0.5."


def test_the_words_of_a_finding_by_hand():
    assert wording.median([3, 1, 2]) == "2 (1 to 3)"
    assert wording.median([98.123], "%") == "98.12 %"
    assert wording.median([float("nan"), 98, 99.5], "%") == "98.75 % (98.00 to 99.50)"
    assert (wording.median([1, 1]), wording.median([float("nan")])) == ("1", "no number")
    assert wording.change(1, 2) == "rises from 1 to 2"
    assert wording.change(99, 98.5, "%") == "falls from 99.00 to 98.50 %"
    assert wording.change(2.3025, 2.3023) == "falls by 0.0002 to 2.3"
    assert wording.change(2, 2, "%") == "is 2.00 % at either end"
    assert wording.change(2, float("nan")) == "goes from 2 to nan"
    said = {name: (value, f"{value}") for name, value in {"a_b": 2, "c": 1, "d": 3, "e": 2}.items()}
    assert wording.each(said) == "1 for c (least) and 3 for d (most of 4)"
    assert wording.each(said, 4) == "2 for a b, 1 for c, 3 for d and 2 for e"
    assert wording.each({"a": (1, "one")}) == "one"
    assert wording.each({"with_a": (1, "1"), "b": (2, "2")}) == "1 with a and 2 for b"
    unknown = {"a": (float("nan"), "?")} | said
    assert wording.each(unknown) == "1 for c (least) and ? for a (most of 5)"
    assert wording.in_seeds([True, False], ", in {}") == ", in 1 of 2 seeds"
    assert wording.in_seeds([True], ", in {}") == ""


def lines(name: str, seed: int, losses: list[float], percents: list[int]) -> pd.DataFrame:
    """A line through alphas -1, 0, 0.5, 1; the training split says something else."""
    places = {"alpha": [-1, 0, 0.5, 1], "accuracy": [p / 100 for p in percents]}
    test = pd.DataFrame(places | {"loss": losses}).assign(variant=name, seed=seed)
    return both(test.assign(loss=7.0, accuracy=0.1), test)


def test_interpolation_by_hand():
    # Chords at 0.5: 2 of seeds 0 and 1, 1 of seed 2, which lies below it.
    parts = [
        lines("a_b", 0, [9, 1, 2.5, 3], [0, 90, 50, 80]),
        lines("a_b", 1, [9, 1, 3, 3], [0, 90, 60, 70]),
        lines("a_b", 2, [9, 1, 0.5, 1], [0, 90, 95, 90]),
    ]
    shown = {"datasets": {"a": "d", "b": "d"}}
    assert finding("interpolation", pd.concat(parts), **shown) == (
        "Between A and B the test loss lies up to 0.5 (0 to 1) above the straight line between its "
        "ends, at alpha 0.5, in 2 of 3 seeds; the lowest accuracy is 60.00 % (50.00 to 90.00), at "
        "the worse end 80.00 %."
    )
    assert finding("interpolation", parts[0], **shown) == (
        "Between A and B the test loss lies up to 0.5 above the straight line between its ends, at "
        "alpha 0.5; the lowest accuracy is 50.00 %, at the worse end 80.00 %."
    )
    assert finding("interpolation", parts[2], **shown) == (
        "Between A and B the test loss nowhere lies above the straight line between its ends; the "
        "lowest accuracy is 90.00 %, at the worse end 90.00 %."
    )
    several = pd.concat([parts[2], lines("a_c", 0, [9, 1, 4, 1], [0, 90, 80, 90])])
    several = pd.concat([several, lines("b_c", 0, [9, 1, 2, 1], [0, 90, 80, 90])])
    assert finding("interpolation", several, datasets={"a": "d", "b": "d", "c": "d"}).startswith(
        "Between A and B of a_c the test loss lies up to 3 above"
    )


def test_between_networks_by_hand():
    parts = [
        lines("one_way", 0, [9, 1, 2.5, 3], [50] * 4),
        lines("one_way", 1, [9, 1, 3.5, 3], [50] * 4),
        lines("aligned", 0, [9, 1, 0.5, 1], [50] * 4),
    ]
    above = "Largest rise of the test loss above the straight line between its ends (median): "
    assert (
        finding("between_networks", pd.concat(parts)) == f"{above}1 for one way and 0 for aligned."
    )
    assert finding("between_networks", parts[0]) == f"{above}0.5."


def test_functions_by_hand():
    history = pd.concat(
        [
            runs(("a_deep", 0, 9.0), ("b", 0, 9.0), columns="batch_loss", epoch=1),
            runs(
                ("a_deep", 0, 0.25), ("a_deep", 1, 0.75), ("b", 0, 0.125), columns="batch_loss",
                epoch=2,
            ),
        ]
    )  # fmt: skip
    assert finding("function_loss", history, history) == (
        "The median mean squared error in the last epoch is 0.5 (0.25 to 0.75) for a deep and "
        "0.125 for b."
    )
    predictions = pd.DataFrame(
        {"variant": ["a", "a", "b", "b"], "seed": 0, "x": [0, 1] * 2, "target": [0.0, 2.0] * 2,
         "prediction": [1.0, 1.0, 0.0, 1.0]}
    )  # fmt: skip
    flat = "; flat runs span less than half of the function's range."
    assert finding("function_fit", predictions) == (
        f"The median mean squared error is 1 (1 of 1 flat) for a and 0.5 (0 of 1 flat) for b{flat}"
    )
    ends = runs(
        ("a", 0, 0.02), ("a", 1, 0.01), ("b", 0, 0.5), columns="loss", epoch=9, split="train",
        constant_loss=1.0,
    )  # fmt: skip
    assert finding("collapse", ends) == (
        "Runs that end above 1 % of the best constant's loss: 1 of 2 for a and 1 of 1 for b."
    )


def test_training_curves_by_hand():
    history = runs(
        ("a", 0, 0.75, 0.5), ("a", 1, 0.25, 0.5), ("b", 0, 0.5, 0.25),
        columns="batch_accuracy test_accuracy", epoch=4,
    )  # fmt: skip
    history = pd.concat([history.assign(epoch=3, batch_accuracy=0), history])
    history = history.assign(batch_loss=history["batch_accuracy"], test_loss=0.125)
    assert finding("training_curves", history, measure="accuracy") == (
        "In the last epoch the median training accuracy is 50.00 % (25.00 to 75.00) for a and "
        "50.00 % for b, the median test accuracy 50.00 % for a and 25.00 % for b. Over the "
        "recorded epochs the training accuracy is 25.00 % (12.50 to 37.50) for a and 25.00 % for b."
    )
    assert finding("training_curves", history, measure="loss", left_out=["a"]) == (
        "In the last epoch the median training loss is 0.5, the median test loss 0.125. Over the "
        "recorded epochs the training loss is 0.25."
    )


def test_trajectories_by_hand():
    variance = pd.DataFrame({"component": [1, 2], "explained_variance_ratio": [0.5, 0.25]})
    ends = runs(*(("m", seed, 0.5 + seed / 8) for seed in range(4)), columns="accuracy", epoch=9)
    metrics = both(ends.assign(accuracy=1.0), ends)
    metrics = pd.concat([metrics.assign(epoch=0, accuracy=0.0), metrics])
    coordinates = metrics[metrics["split"] == "test"].drop(columns=["split", "accuracy"])
    assert finding("trajectories", coordinates, variance, metrics, part="all weights") == (
        "Two components hold 75.00 % of the variance of all weights, of 4 independent points "
        "66.67 %; the test accuracy at the end is 68.75 % (50.00 to 87.50)."
    )
    one = coordinates[coordinates["seed"] == 0]
    assert finding("trajectories", one, variance, metrics, part="all weights") == (
        "Two components hold 75.00 % of the variance of all weights; the test accuracy at the end "
        "is 50.00 %."
    )


def test_distances_by_hand():
    pairs = runs(
        *(("m", seed, 0, seed + 1.0) for seed in range(3)),
        *(("m", seed, 4, seed + 2.0) for seed in range(3)),
        columns="epoch distance", other_seed=9,
    )  # fmt: skip
    begin = "From the first to the last epoch the median distance between all weights "
    assert finding("distance_by_epoch", pairs, part="all weights") == f"{begin}rises from 2 to 3."
    back = pairs.assign(epoch=4 - pairs["epoch"]).sort_values("epoch")
    assert finding("distance_by_epoch", back, part="all weights") == f"{begin}falls from 3 to 2."
    more = pairs.assign(aligned_distance=8.0)
    assert finding("distance_by_epoch", more, part="all weights") == (
        f"{begin}rises from 2 to 3 (as trained), is 8 at either end (units aligned)."
    )
    two = pd.concat([pairs, back.assign(variant="n")])
    assert finding("distance_by_epoch", two, part="all weights") == (
        f"{begin}rises from 2 to 3 for m and falls from 3 to 2 for n."
    )


def test_of_one_point_no_way_is_said():
    pair = runs(("m", 0, 4, 2.0), ("m", 1, 4, 3.0), columns="epoch distance", other_seed=9)
    assert finding("distance_by_epoch", pair, part="all weights") == (
        "At epoch 4 the median distance between all weights is 2.5."
    )
    epoch = runs(("m", 0, 2.5, 3.0), ("m", 1, 1.5, 2.0), columns="train_loss test_loss", epoch=1)
    epoch = epoch.assign(train_accuracy=0.25, test_accuracy=0.125)
    assert finding("random_labels", epoch) == (
        "At epoch 1 the training loss is 2, the test loss is 2.5. The training accuracy ends at "
        "25.00 %, the test accuracy at 12.50 %; chance is 10 %."
    )
    iteration = runs(("m", 0, 4.0, 3.0), columns="gradient_norm batch_loss", iteration=1)
    assert finding("gradient_norm", iteration) == (
        "At the one iteration the norm of the gradient is 4 and the loss 3."
    )
    ends = runs(("so_long_16", 0, 0.75), ("same_16", 0, 0.5), columns="accuracy", epoch=5, loss=1.0)
    sharp = ends.assign(largest_eigenvalue=[1.0, 4.0], normalised_eigenvalue=1, box_rise=1)
    tables = both(ends, ends), ends.assign(probabilities=0.5), sharp
    assert finding("batch_sizes", *tables, **by_batch_size(ends["variant"])) == (
        "With batches of 16 the test error is 25.00 % for so long and 50.00 % for same, the "
        "Hessian's largest eigenvalue 1 for so long and 4 for same."
    )


def test_gradient_norm_by_hand():
    history = pd.concat(
        [
            pd.DataFrame(
                {"variant": "m", "seed": seed, "iteration": range(1, 101),
                 "gradient_norm": [1.0 + seed] * 50 + [5.0] * 39 + [2.0] * 11,
                 "batch_loss": [4.0] * 50 + [3.0] * 39 + [1.0 + seed] * 11}
            )
            for seed in (0, 2)
        ]
    )  # fmt: skip
    assert finding("gradient_norm", history) == (
        "From the first tenth of the iterations to the last the norm of the gradient is 2 at "
        "either end (lower in 1 of 2 seeds) and the loss falls from 4 to 2 (lower in 2 of 2 seeds)."
    )
    assert finding("gradient_norm", history[history["seed"] == 0]) == (
        "From the first tenth of the iterations to the last the norm of the gradient rises from "
        "1 to 2 and the loss falls from 4 to 1."
    )


def test_parameters_by_hand():
    test = runs(
        ("small", 0, 0.5, 0.5), ("small", 1, 1.5, 0.75), ("middle", 0, 0.25, 0.75),
        ("large", 0, 2.0, 0.25), epoch=3,
    )  # fmt: skip
    test["parameters"] = test["variant"].map({"small": 10, "middle": 2000, "large": 30_000})
    metrics = both(test.assign(loss=9.0), test)
    metrics = pd.concat([metrics.assign(epoch=0, loss=0.0), metrics])
    assert finding("parameters", metrics) == (
        "From 10 to 30 000 parameters the median test loss rises from 1 to 2, at best 0.25 "
        "(middle); the accuracy falls from 62.50 to 25.00 %, at best 75.00 % (middle)."
    )
    back = metrics.assign(parameters=40_000 - metrics["parameters"])
    assert finding("parameters", back) == (
        "From 10 000 to 39 990 parameters the median test loss falls from 2 to 1, at best 0.25 "
        "(middle); the accuracy rises from 25.00 to 62.50 %, at best 75.00 % (middle)."
    )
    assert finding("parameters", metrics, left_out=["small", "large"]) == (
        "With 2 000 parameters the median test loss is 0.25 and the accuracy 75.00 %."
    )
    assert finding("parameters", metrics.assign(loss=float("nan")))  # of trainings that diverged


def test_random_labels_by_hand():
    history = pd.DataFrame(
        {"variant": "m", "seed": [0, 0, 1, 1], "epoch": [1, 5, 1, 5],
         "train_loss": [2.5, 2.0, 2.5, 1.0], "test_loss": [2.25, 2.5, 2.25, 3.5],
         "train_accuracy": [0.0, 0.5, 0.0, 0.25], "test_accuracy": [0.0, 0.125, 0.0, 0.125]}
    )  # fmt: skip
    assert finding("random_labels", history) == (
        "From epoch 1 to 5 the training loss falls from 2.5 to 1.5, the test loss rises from 2.25 "
        "to 3. The training accuracy ends at 37.50 % (25.00 to 50.00), the test accuracy at "
        "12.50 %; chance is 10 %."
    )
    other = runs(
        ("x", 0, 0.5, 1), ("x", 0, 0.75, 2), ("x", 1, 1.0, 4), ("y", 0, 0.0, 9),
        columns="batch_accuracy epoch",
    )  # fmt: skip
    beside = {"experiment": "other", "variant": "x", "title": "Another one"}
    assert finding("random_labels", history, other, beside=beside).endswith(
        "chance is 10 %. After 3 (2 to 4) epochs the network beside it (other) has 87.50 % (75.00 "
        "to 100.00) of its random labels right."
    )
    swapped = history[history["seed"] == 0].assign(train_loss=[2, 2.5], test_loss=[2.5, 2.25])
    assert finding("random_labels", swapped).startswith(
        "From epoch 1 to 5 the training loss rises from 2 to 2.5, the test loss falls from 2.5 to"
    )


def test_runs_that_stop_early_count_like_the_others():
    history = pd.DataFrame(
        {"variant": "v", "seed": [0, 0, 1], "epoch": [1, 2, 1], "train_loss": 1.0}
        | {"test_loss": 1.0, "test_accuracy": 0.1, "train_accuracy": [0.2, 0.1, 0.9]}
    )
    assert "training accuracy ends at 50.00 % (10.00 to 90.00)" in finding("random_labels", history)
    dead = pd.DataFrame(
        {"variant": "net_a", "seed": [0, 0, 1, 1], "epoch": [0, 5, 0, 3], "layer": 1, "units": 4}
        | {"dead_units": [0, 0, 0, 4]}
    )
    ends = {"epoch": [5, 3], "split": "train", "loss": [0.0, 1.0], "constant_loss": 1.0}
    metrics = pd.DataFrame({"variant": "net_a", "seed": [0, 1]} | ends)
    assert finding("stuck", dead, metrics, above=0.5).startswith("1 of 2 runs end stuck")
    assert "0 had a dead layer before training, 1 only" in finding(
        "stuck", dead, metrics, above=0.5
    )


def test_who_was_born_dead_is_not_said_without_the_epoch_before_training():
    dead = pd.DataFrame({"variant": ["net_a"], "seed": 0, "epoch": 5, "units": 4, "dead_units": 4})
    ends = {"epoch": 5, "split": "train", "loss": 1.0, "constant_loss": 1.0}
    metrics = pd.DataFrame({"variant": ["net_a"], "seed": 0} | ends)
    with pytest.raises(ValueError, match="dead_units has no epoch 0: add it to snapshot_epochs"):
        finding("stuck", dead, metrics, above=0.5)


def test_one_run_has_no_distance():
    none = pd.DataFrame(columns=["variant", "seed", "other_seed", "epoch", "distance"])
    assert finding("distance_by_epoch", none, part="weights").startswith("No two runs can be")


def test_stuck_by_hand():
    metrics = runs(
        *(("net_a", seed, loss) for seed, loss in enumerate((0.9, 0.9, 0.9, 0.1))),
        ("net_b", 0, 0.9), ("net_b", 1, 0.4),
        columns="loss", epoch=9, split="train", constant_loss=1.0,
    )  # fmt: skip
    dead = runs(
        *(("net_a", seed, epoch, int(seed == 0 or (seed == 1 and epoch == 9)))
          for seed in range(4) for epoch in (0, 9)),
        columns="epoch dead_units", layer=1, units=1,
    )  # fmt: skip
    assert finding("stuck", dead, metrics, above=0.5) == (
        "4 of 6 runs end stuck, above 0.5 of the best constant's loss: 3 of 4 for net a and 1 of 2 "
        "for net b; of them 1 had a dead layer before training, 1 only at the end."
    )
    one = metrics.iloc[3:4]
    assert finding("stuck", dead[dead["seed"] == 3], one, above=0.5) == (
        "0 of 1 runs end stuck, above 0.5 of the best constant's loss: 0 of 1; of them 0 had a "
        "dead layer before training, 0 only at the end."
    )


def test_born_dead_by_hand():
    dead = pd.DataFrame(
        [
            (f"{depth}_{width}", seed, epoch, layer, width, width * (seed < born or epoch))
            for depth, width, born in ((1, 4, 0), (2, 4, 1), (4, 4, 2), (4, 8, 1))
            for seed in range(3)
            for epoch in (0, 1)
            for layer in range(1, depth + 1)
        ],
        columns=["variant", "seed", "epoch", "layer", "units", "dead_units"],
    )
    begin = "Networks that have a dead layer before training: "
    assert finding("born_dead", dead) == (
        f"{begin}0 of 3 for depth 1, width 4 (least) and 2 of 3 for depth 4, width 4 (most of 4)."
    )
    assert finding("born_dead", dead[dead["variant"] == "2_4"]) == f"{begin}1 of 3."


def test_fitting_by_hand():
    train = runs(
        ("share0", 0, 8, 1.0), ("share50", 0, 9, 0.5), ("share100", 0, 40, 0.75),
        ("share100", 1, 60, 0.75), columns="epoch accuracy",
    )  # fmt: skip
    metrics = both(train, train.assign(accuracy=[0.75, 0.5, 0.125, 0.25]))
    assert finding("fitting", metrics, axis="share (%)") == (
        "The median epochs of training are 8 for share0 and 50 (40 to 60) for share100, the median "
        "test accuracy 75.00 % for share0 and 18.75 % (12.50 to 25.00) for share100; the "
        "training accuracy is at least 50.00 %."
    )
    assert finding("fitting", metrics[metrics["variant"] == "share0"], axis="share (%)") == (
        "The median epochs of training are 8, the median test accuracy 75.00 %; the training "
        "accuracy is at least 100.00 %."
    )


def test_batch_sizes_by_hand():
    ends = runs(
        ("so_long_16", 0, 0.75), ("so_long_64", 0, 0.5), ("same_16", 0, 0.5), ("same_64", 0, 0.75),
        columns="accuracy", epoch=5, loss=1.0,
    )  # fmt: skip
    sharp = ends.assign(
        largest_eigenvalue=[1.0, 2.0, 4.0, 3.0], normalised_eigenvalue=1, box_rise=1
    )
    tables = both(ends, ends), ends.assign(probabilities=0.5), sharp
    style = by_batch_size(ends["variant"])
    assert finding("batch_sizes", *tables, **style) == (
        "From smallest to largest batches the test error goes from 25.00 to 50.00 % for so long "
        "and 50.00 to 25.00 % for same, the Hessian's largest eigenvalue from 1 to 2 for so long "
        "and 4 to 3 for same."
    )


def test_minimal_ratio_by_hand():
    # Of a the losses fall as the ratio grows, of b, where one run does not arrive, two are left.
    found = runs(
        ("a", 0, 3.0, 0.0), ("a", 1, 2.0, 0.0), ("a", 2, 1.0, 0.0), ("b", 0, 1.0, 0.0),
        ("b", 1, 2.0, 0.0), ("b", 2, 3.0, 1.0), columns="loss gradient_norm", experiment="e",
    )  # fmt: skip
    ratios = runs(
        *((v, seed, (seed + 1) / 4) for v in "ab" for seed in range(3)),
        columns="minimal_ratio", experiment="e", threshold=0.125,
    )  # fmt: skip
    ratios = pd.concat([ratios.assign(threshold=0.0, minimal_ratio=1.0), ratios])
    at = {"gradient_norm": 1e-5, "threshold": 0.125}
    assert finding("minimal_ratio", found, ratios, **at) == (
        "The gradient vanishes in 3 of 3 runs for a and 2 of 3 runs for b; there the rank "
        "correlation of loss and minimal ratio is -1.00 for a and unknown for b."
    )
    rising = found.assign(loss=[1.0, 2.0, 3.0] * 2)
    assert finding("minimal_ratio", rising, ratios, left_out=["b"], **at) == (
        "The gradient vanishes in 3 of 3 runs; there the rank correlation of loss and minimal "
        "ratio is 1.00."
    )


def test_surfaces_by_hand():
    plane = pd.DataFrame(
        [(x, y, {0: 1.0, 1: 3.0}.get(x * x + y * y, 99.0)) for x in (-1, 0, 1) for y in (-1, 0, 1)],
        columns=["x", "y", "loss"],
    ).assign(variant="wide_net", seed=0)
    begin = "From a distance of 0 to 1 from the network the mean training loss "
    assert finding("error_surface", plane) == f"{begin}rises from 1 to 3."
    other = plane.assign(variant="peak", loss=4 - plane["loss"])
    assert finding("error_surface", pd.concat([plane, other])) == (
        f"{begin}rises from 1 to 3 for wide net and falls from 3 to 1 for peak."
    )
    diverged = plane.assign(loss=float("nan"))
    assert finding("error_surface", diverged) == f"{begin}goes from nan to nan."
    way = runs(
        ("m", 0, 0, 4.0), ("m", 0, 2, 1.0), ("m", 1, 0, 2.0), ("m", 1, 2, 1.0),
        columns="epoch loss", x=0.0, y=0.0,
    )  # fmt: skip
    shares = runs(
        ("m", 0, 1, 0.75), ("m", 0, 2, 0.125), ("m", 1, 1, 0.5), ("m", 1, 2, 0.25),
        columns="component explained_variance_ratio",
    )  # fmt: skip
    assert finding("descent_path", plane, way, shares) == (
        "The plane of two components holds 81.25 % (75.00 to 87.50) of the variance of a run's "
        "way, on which the training loss falls from 3 to 1."
    )
    one = way[way["seed"] == 0].assign(loss=[1.0, 2.0]), shares[shares["seed"] == 0]
    assert finding("descent_path", plane, *one) == (
        "The plane of two components holds 87.50 % of the variance of a run's way, on which the "
        "training loss rises from 1 to 2."
    )


def test_claims_by_hand():
    parts = pd.DataFrame(
        [("C1", "refuted"), ("C1", "refuted"), ("C2", "not enough seeds"), ("C3", "refuted")],
        columns=["claim", "claim_verdict"],
    )
    assert finding("claims", parts) == "Of 3 claims, 2 refuted, 1 not enough seeds."
    assert finding("claims", parts[:1]) == "Of one claim, 1 refuted."
