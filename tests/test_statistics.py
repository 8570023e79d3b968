"""Statistics by hand, on a few rows each."""

import numpy as np
import pandas as pd
import pytest
from planted import at_end, by_epoch, metrics

from hw1.claims.decisions import estimate, interval
from hw1.claims.reading import Missing, TooFew, check, check_complete, final
from hw1.claims.sample import Sample
from hw1.claims.statistics import course, distances, landscape, line, predictions, size, units
from hw1.claims.statistics import final as ends

# What has a null is an effect, of which 0 or 1 is none; a share is of yes and no.
DIFFERENCE, RATIO, LEVEL, SHARE = (False, 0), (False, 1), (False, None), (True, None)


def assert_sample(sample: Sample, values: list[float], kind: tuple) -> None:
    assert sample.values.tolist() == pytest.approx(values, abs=1e-12)
    assert (sample.share, sample.null) == kind
    assert not sample.counted


# --- reading


def test_one_row_that_a_seed_lacks_is_missed():
    history = by_epoch("batch_loss", v=[[3, 2, 1], [3, 2, 1]])
    check_complete(history, "e_history: v", ("seed", "epoch"))
    for lost in (3, 4, 5):  # of the second seed the first, one between and the last
        with pytest.raises(Missing) as caught:
            check_complete(history.drop(index=lost), "e_history: v", ("seed", "epoch"))
        assert str(caught.value) == (
            "e_history: v, seed 1: found 2 of the 3 rows that the runs have by epoch"
        )


@pytest.mark.parametrize(
    "column, border, beyond",
    [
        ("accuracy", 1, 1.01), ("accuracy", 0, -0.01), ("distance", 0, -0.01), ("epoch", 0, -1),
        ("iteration", 1, 0), ("units", 1, 0), ("layer", 2, 1.5),
    ],
)  # fmt: skip
def test_limits_of_columns_belong_to_them(column, border, beyond):
    check(pd.DataFrame({"seed": [0], column: [border]}), "t", ("seed",), [column])
    with pytest.raises(Missing, match=rf"t, .*: {column} is {beyond}"):
        check(pd.DataFrame({"seed": [0], column: [beyond]}), "t", ("seed",), [column])


def test_what_a_run_ended_with_is_that_of_its_last_epoch():
    table = pd.concat([at_end("loss", v=[9, 8]).assign(epoch=3), at_end("loss", v=[2, 1])])
    assert final({"e_metrics": table}, "e", "train")["loss"].tolist() == [2, 1]


# --- the course of a training


def curves(**runs) -> dict[str, pd.DataFrame]:
    """Histories of runs that end with a loss of 0, where the best constant's is 2."""
    history = by_epoch("batch_loss", **runs)
    last = at_end("loss", **{name: [0.0] * len(seeds) for name, seeds in runs.items()})
    return {"e_history": history, "e_metrics": last.assign(constant_loss=2.0)}


def test_a_run_arrives_where_the_running_median_of_eleven_epochs_does():
    # Below 0.5 of 2: the first from the second of its low epochs on, of which six are low of
    # eleven at last; the second has one dip, the third is low at once, and the last at the border.
    runs = [[9] * 10 + [0.9] * 7, [9] * 5 + [0] + [9] * 11, [0] * 17, [1] * 17]
    tables = curves(v=runs, w=[[0] * 17, [0] * 17, [9] * 17, [9] * 17])
    epochs = course.epochs_to(tables, "e", "v", below=0.5)
    assert epochs.tolist() == pytest.approx([16, np.nan, 1, np.nan], nan_ok=True)
    assert_sample(course.arrives(tables, "e", "v", below=0.5), [1, 0, 1, 0], SHARE)
    # How fast is of the seeds at which both arrive, here the first alone.
    assert_sample(course.convergence_ratio(tables, "e", "v", "w", below=0.5), [16], RATIO)
    assert_sample(course.convergence_ratio(tables, "e", "w", "v", below=0.5), [1 / 16], RATIO)


def test_a_speed_needs_a_seed_at_which_both_arrive():
    tables = curves(v=[[0, 0], [9, 9]], w=[[9, 9], [0, 0]])
    with pytest.raises(TooFew, match="no seed at which both get there"):
        course.convergence_ratio(tables, "e", "v", "w", below=0.5)


def test_plateaus_by_hand():
    # From the second of four epochs on, which have 1: the first falls by 5 %, the second by 15 %,
    # the third by 10 %, which is the border; the fourth ends at 0.5, which is, too.
    history = by_epoch("batch_loss", v=[[9, 1, 1, 1]] * 3 + [[9, 0.5, 0.5, 0.5]])
    tables = {"e_history": history, "e_metrics": at_end("loss", v=[0.95, 0.85, 0.9, 0.5])}
    found = course.plateaus(tables, "e", "v", above=0.5, since=0.5, gain=0.1)
    assert_sample(found, [1, 0, 0, 0], SHARE)
    # From the first on all fall by far.
    found = course.plateaus(tables, "e", "v", above=0.5, since=0.25, gain=0.1)
    assert_sample(found, [0, 0, 0, 0], SHARE)


def test_curves_are_compared_by_their_means_at_the_seeds_that_both_have():
    tables = {"e_history": by_epoch("batch_loss", v=[[3, 1], [1, 0]], w=[[4, 4], [1, 1], [7, 7]])}
    assert_sample(course.curve_ratio(tables, "e", "v", "w", "batch_loss"), [0.5, 0.5], RATIO)
    tables = {"e_history": by_epoch("test_accuracy", v=[[0.5, 1]], w=[[0.5, 0.75], [1, 1]])}
    found = course.curve_difference(tables, "e", "v", "w", "test_accuracy")
    assert_sample(found, [12.5], DIFFERENCE)
    found = course.curve_difference(tables, "e", "w", "v", "test_accuracy")
    assert_sample(found, [-12.5], DIFFERENCE)


def test_a_mean_of_0_is_no_baseline_and_seeds_are_paired():
    history = by_epoch("batch_loss", v=[[1, 1], [1, 1]], w=[[1, 1], [0, 0]])
    with pytest.raises(Missing, match="seed 1: a ratio to 0"):
        course.curve_ratio({"e_history": history}, "e", "v", "w", "batch_loss")
    apart = history.assign(seed=np.where(history["variant"] == "v", 7, history["seed"]))
    apart = apart[apart["variant"].eq("w") | ~apart.duplicated(["variant", "seed", "epoch"])]
    with pytest.raises(TooFew, match="no seed has both arms"):
        course.curve_ratio({"e_history": apart}, "e", "v", "w", "batch_loss")
    with pytest.raises(Missing, match="e_history has no column batch_accuracy"):
        course.curve_difference({"e_history": history}, "e", "v", "w", "batch_accuracy")


def test_an_accuracy_is_reached_at_the_best_epoch_the_border_included():
    tables = {"e_history": by_epoch("batch_accuracy", v=[[0.5, 0.75, 0.5], [0.5, 0.5, 0.7]])}
    for at_least, yes in ((0.75, [1, 0]), (0.7, [1, 1]), (0.76, [0, 0])):
        assert_sample(course.reaches(tables, "e", "v", at_least), yes, SHARE)


def test_a_loss_that_stays_has_not_fallen():
    tables = {"e_history": by_epoch("batch_loss", v=[[3, 2, 2, 1]])}
    for at_least, expected in ((2 / 3, 1), (0.7, 0)):
        assert course.falls_steadily(tables, "e", "v", at_least).values.tolist() == [expected]
    with pytest.raises(Missing, match="e_history has one epoch"):
        course.falls_steadily({"e_history": by_epoch("batch_loss", v=[[3]])}, "e", "v", 0.5)


def test_the_fall_of_a_loss_is_from_the_first_epoch_to_the_last():
    tables = {"e_history": by_epoch("train_loss", v=[[2, 3, 1], [1, 0.5, 4]])}
    assert_sample(course.loss_fall(tables, "e"), [1, -3], DIFFERENCE)


def test_ups_and_downs_are_those_around_the_line():
    # What is left of 0, 3, 0 is -1, 2, -1; of a line, nothing, wherever it goes; 0, 1, 0, 1 lies
    # around 0.2, 0.4, 0.6, 0.8.
    for run, expected in (
        ([1, 4, 1], 3),
        ([1, 5, 3], 3),
        ([1, 2, 3], 0),
        ([2.3, 2.2, 2.1, 2], 0),
        ([0, 1, 0, 1], 1.2),
    ):
        tables = {"e_history": by_epoch("test_loss", v=[run])}
        assert_sample(course.detrended_range(tables, "e", "test_loss"), [expected], DIFFERENCE)
    # Epochs that are not recorded are further apart: 0, 1 and 3 at 1, 2 and 4 lie on a line.
    table = by_epoch("test_loss", v=[[0, 1, 3]]).replace({"epoch": {3: 4}})
    found = course.detrended_range({"e_history": table}, "e", "test_loss")
    assert_sample(found, [0], DIFFERENCE)
    short = {"e_history": by_epoch("test_loss", v=[[1, 2]])}
    with pytest.raises(Missing, match="e_history has fewer than three epochs"):
        course.detrended_range(short, "e", "test_loss")


def iterations(*runs: list[float]) -> dict[str, pd.DataFrame]:
    """A history by iteration."""
    return {"e_history": by_epoch("batch_loss", step="iteration", v=runs)}


def test_phases_of_a_training_by_hand():
    values = course.phases(iterations(range(1, 121)), "e", "batch_loss")
    phases = (("first", 1, 12), ("middle", 41, 80), ("late", 81, 120), ("last", 109, 120))
    for phase, first, last in phases:
        assert course.during(values, phase).iloc[0].tolist() == list(range(first, last + 1))
    # Of eleven the middle third is the three from the fourth on, and the late one the last three.
    values = course.phases(iterations(range(1, 12)), "e", "batch_loss")
    phases = (("first", [1]), ("middle", [4, 5, 6]), ("late", [9, 10, 11]), ("last", [11]))
    for phase, expected in phases:
        assert course.during(values, phase).iloc[0].tolist() == expected


def test_a_phase_is_compared_with_the_middle():
    tables = iterations([8, 8, *[9] * 4, *[2, 4, 2, 4, 2, 4], *[9] * 6, 1, 2])
    for phase, expected in (("first", 8 / 3), ("last", 0.5)):
        found = course.phase_ratio(tables, "e", "batch_loss", phase)
        assert_sample(found, [expected], RATIO)
    with pytest.raises(Missing, match="e_history has no column iteration"):
        one = by_epoch("batch_loss", v=[[1]])
        course.phase_ratio({"e_history": one}, "e", "batch_loss", "first")


def test_what_varies_is_measured_by_its_mean():
    # In the middle the mean is 2 and the variance 4/3, and the same ten times as high.
    sides = [9, 1, 9, 1]
    tables = iterations([*sides, 1, 1, 3, 3, *sides], [*sides, 10, 10, 30, 30, *sides])
    for above, yes in ((0.57, [1, 1]), (0.58, [0, 0])):  # the root of 1/3 is 0.577
        assert_sample(course.varies(tables, "e", "batch_loss", above), yes, SHARE)
    for nothing in (iterations([1, 2, 3]), iterations([1, 1, 0, 0, 1, 1])):
        with pytest.raises(Missing, match="the middle third has one iteration, or a mean of 0"):
            course.varies(nothing, "e", "batch_loss", 0.1)


def test_a_loss_falls_by_windows_of_the_middle_third():
    # Of fifteen iterations the middle five, each its own window; elsewhere it falls.
    sides = [9, 8, 7, 6, 5]
    tables = iterations(
        *(
            [*sides, *middle, *sides]
            for middle in ([5, 4, 3, 2, 1], [5, 4, 3, 2, 2], [1, 2, 3, 4, 5])
        )
    )
    for falls, yes in ((4, [1, 0, 0]), (3, [1, 1, 0]), (1, [1, 1, 0]), (0, [1, 1, 1])):
        found = course.falls_by_windows(tables, "e", "batch_loss", windows=5, falls=falls)
        assert_sample(found, yes, SHARE)
    # The means of two windows, of three iterations and of two: 4 and 2, 4 and 4.
    tables = iterations([*sides, 3, 6, 3, 1, 3, *sides], [*sides, 3, 6, 3, 5, 3, *sides])
    found = course.falls_by_windows(tables, "e", "batch_loss", windows=2, falls=1)
    assert_sample(found, [1, 0], SHARE)
    with pytest.raises(Missing, match="e_history: the middle third has 5 iterations"):
        course.falls_by_windows(tables, "e", "batch_loss", windows=6, falls=1)


def test_a_loss_levels_off_where_it_is_less_steep_than_it_was():
    # By 4 in the middle, then by 2, by 1.9, not at all, and up by 3; the first third says nothing.
    middle = [99, 99, 99, 20, 16, 12]
    tables = iterations(
        *([*middle, *late] for late in ([12, 10, 8], [12, 10.1, 8.2], [12, 12, 12], [12, 15, 18]))
    )
    for times, yes in ((0.5, [0, 1, 1, 0]), (0.8, [1, 1, 1, 1]), (0.1, [0, 0, 1, 0])):
        assert_sample(course.levels_off(tables, "e", "batch_loss", times), yes, SHARE)
    with pytest.raises(Missing, match="e_history: a third has 1 iterations"):
        course.levels_off(iterations([3, 2, 1, 0, 0]), "e", "batch_loss", 0.5)


# --- the end of a training


def test_parameters_are_a_count_that_all_runs_have():
    table = at_end("parameters", v=[12, 12, 12], w=[12, 13])
    found = ends.parameter_count({"e_metrics": table}, "e", "v")
    assert (found.values.tolist(), found.counted) == ([12], True)
    with pytest.raises(Missing, match="e_metrics: w has several numbers of parameters"):
        ends.parameter_count({"e_metrics": table}, "e", "w")


def test_what_a_run_ended_with_is_a_share_of_the_best_constants():
    table = at_end("loss", v=[0.5, 1, 1.5, 2]).assign(constant_loss=2)
    assert_sample(ends.converged({"e_metrics": table}, "e", "v", 0.5), [1, 0, 0, 0], SHARE)
    assert_sample(units.stuck({"e_metrics": table}, "e", "v", 0.5), [0, 0, 1, 1], SHARE)
    table.loc[2, "constant_loss"] = 0
    with pytest.raises(Missing, match="e_metrics: v: constant_loss is 0, a ratio to 0"):
        ends.converged({"e_metrics": table}, "e", "v", 0.5)


def test_final_losses_are_paired_by_seed():
    tables = {"e_metrics": at_end("loss", v=[1, 2, 6, 9], w=[2, 2, 2])}
    found = ends.final_ratio(tables, "e", "v", "w", "train")
    assert_sample(found, [0.5, 1, 3], RATIO)
    assert (estimate(found), interval(found)) == (1, None)
    assert estimate(Sample(np.array([0.5, 2]), null=1)) == 1  # of ratios the geometric mean
    for times, yes in ((0.5, [1, 0, 0]), (1, [1, 1, 0]), (2.9, [1, 1, 0]), (3, [1, 1, 1])):
        assert_sample(ends.loss_at_most(tables, "e", "v", "w", times), yes, SHARE)
    table = tables["e_metrics"]
    table.loc[table["variant"] == "w", "loss"] = 0
    assert_sample(ends.loss_at_most(tables, "e", "v", "w", 1), [0, 0, 0], SHARE)


def test_final_accuracies_are_in_percent_and_losses_are_not():
    tables = {"e_metrics": at_end("accuracy", split="test", v=[0.25, 0.75], w=[0.25, 0.5, 1])}
    assert_sample(ends.final_accuracy(tables, "e", "test", "v"), [25, 75], LEVEL)
    assert_sample(ends.accuracy_difference(tables, "e", "v", "w", "test"), [0, 25], DIFFERENCE)
    found = ends.final_loss({"e_metrics": at_end("loss", v=[0.25, 3])}, "e", "train")
    assert_sample(found, [0.25, 3], LEVEL)
    with pytest.raises(Missing, match="e_metrics: v has no row with split train"):
        ends.final_accuracy(tables, "e", "train", "v")
    with pytest.raises(Missing, match="e_metrics: expected one variant, found v, w"):
        ends.final_accuracy(tables, "e", "test")


def test_a_difference_of_accuracies_has_no_digits_of_floats():
    tables = {"e_metrics": at_end("accuracy", v=[0.9969], w=[0.9978])}
    (found,) = ends.accuracy_difference(tables, "e", "v", "w", "train").values
    assert found == -0.09


def test_accuracies_at_a_border_count():
    tables = {"e_metrics": at_end("accuracy", v=[0.25, 0.5, 0.75])}
    for low, high, yes in ((25, 50, [1, 1, 0]), (26, 75, [0, 1, 1]), (26, 49, [0, 0, 0])):
        assert_sample(ends.accuracy_within(tables, "e", "train", low, high), yes, SHARE)
    # As floats, 100 * 0.57 is under 57, 100 * 0.55 over 55, and 0.1624 - 0.1124 under 0.05.
    tables = {"e_metrics": at_end("accuracy", v=[0.57])}
    assert_sample(ends.accuracy_within(tables, "e", "train", 57, 60), [1], SHARE)
    exact = {"e_metrics": at_end("accuracy", v=[0.55])}
    assert ends.final_accuracy(exact, "e", "train").values.tolist() == [55]
    assert ends.best_accuracy(exact, "e", "train").values.tolist() == [55]
    gained = at_end("accuracy", v=[0.1624]).assign(
        constant_accuracy=0.1124, loss=1, constant_loss=1
    )
    assert_sample(ends.memorised({"e_metrics": gained}, "e", 0.05, 0.1), [1], SHARE)


def test_the_best_accuracy_may_be_an_earlier_one():
    runs = by_epoch("accuracy", v=[[0.5, 0.9, 0.7], [0.1, 0.2, 0.3]]).assign(split="test")
    assert_sample(ends.best_accuracy({"e_metrics": runs}, "e", "test"), [90, 30], LEVEL)
    with pytest.raises(Missing, match="v, seed 1: found 2 of the 3 rows"):
        ends.best_accuracy({"e_metrics": runs.drop(index=4)}, "e", "test")


@pytest.mark.parametrize(
    "accuracy, loss, yes", [(0.75, 3, 1), (0.5, 2, 1), (0.625, 2.5, 0), (0.5, 4, 0), (0.75, 1, 1)]
)
def test_memorising_by_accuracy_or_by_loss(accuracy, loss, yes):
    """By 0.25 in accuracy or by 1 nat, both from the best constant's."""
    table = at_end("accuracy", v=[accuracy] * 2)
    table = table.assign(loss=loss, constant_loss=3, constant_accuracy=0.5)
    found = ends.memorised({"e_metrics": table}, "e", accuracy_gain=0.25, loss_gain=1)
    assert_sample(found, [yes] * 2, SHARE)


def test_a_layer_may_die_or_come_to_life():
    runs = {0: (0, 4), 1: (4, 3), 2: (4, 4)}
    table = pd.DataFrame(
        {"variant": "v", "seed": seed, "epoch": epoch, "layer": 1, "units": 4, "dead_units": dead}
        for seed, counts in runs.items()
        for epoch, dead in zip((0, 5), counts)
    )
    for last, expected in ((True, [True, False, True]), (False, [False, True, True])):
        found = units.dead_layer({"e_dead_units": table}, "e", "v", last)
        assert found.tolist() == expected


# --- lines


def on_line(column: str, *seeds: dict[float, float], split: str = "test") -> dict:
    return {
        "e_lines": pd.DataFrame(
            {"variant": "a_b", "seed": seed, "split": split, "alpha": alpha, column: value}
            for seed, values in enumerate(seeds)
            for alpha, value in values.items()
        )
    }


def test_nearly_the_lowest_loss_is_that_since_some_alpha():
    # The lowest so far is 1 nat lower, 0.5, none; what comes later, and before, does not count.
    tables = on_line(
        "loss",
        {-2.0: 0, -1.0: 1, 0.0: 3, 0.5: 2, 1.0: 0},
        {-2.0: 0, -1.0: 3, 0.0: 1.5, 0.5: 2, 1.0: 0},
        {-2.0: 0, -1.0: 3, 0.0: 3, 0.5: 2, 1.0: 0},
    )
    for within, yes in ((0.5, [0, 0, 1]), (0.75, [0, 1, 1]), (1, [0, 1, 1]), (1.25, [1, 1, 1])):
        found = line.nearly_lowest(tables, "e", "test", alpha=0.5, since=-1, within=within)
        assert_sample(found, yes, SHARE)
    for alpha, since in ((0.25, -1), (0.5, -0.5)):
        with pytest.raises(Missing, match=r"no alpha of (0\.25|-0\.5)"):
            line.nearly_lowest(tables, "e", "test", alpha=alpha, since=since, within=1)


def test_accuracies_on_a_line_by_hand():
    tables = on_line(
        "accuracy",
        {0.0: 0.6, 0.25: 1, 0.4: 0.9, 0.5: 0.85, 1.0: 0.8, 2.0: 0.9},
        {0.0: 0.5, 0.25: 0, 0.4: 0.25, 0.5: 0.375, 1.0: 0, 2.0: 1},
    )
    found = line.midpoint_gain(tables, "e", "test", start=0.4, stop=0.6)
    assert_sample(found, [10, -12.5], DIFFERENCE)
    found = line.line_slope(tables, "e", "test", "accuracy", 0.5, 1.0)
    assert_sample(found, [-10, -75], DIFFERENCE)
    with pytest.raises(Missing, match=r"no alpha from 0\.6 to 0\.9"):
        line.midpoint_gain(tables, "e", "test", start=0.6, stop=0.9)


def test_the_slope_of_a_loss_is_by_least_squares():
    # 0, 3 and 3 at 1, 1.5 and 2: 3 per alpha; what lies before does not count.
    tables = on_line("loss", {0.0: 9, 1.0: 0, 1.5: 3, 2.0: 3}, {0.0: 9, 1.0: 3, 1.5: 3, 2.0: 0})
    assert_sample(line.line_slope(tables, "e", "test", "loss", 1, 2), [3, -3], DIFFERENCE)
    with pytest.raises(Missing, match=r"no two alphas from 1\.6 to 2"):
        line.line_slope(tables, "e", "test", "loss", 1.6, 2)


def test_a_loss_beyond_the_ends_is_compared_with_the_worse_one():
    tables = on_line("loss", {-1.0: 5, 0.0: 1, 0.5: 9, 1.0: 3}, {-1.0: 1, 0.0: 2, 0.5: 9, 1.0: 1})
    assert_sample(line.rise_beyond(tables, "e", "test", -1), [2, -1], DIFFERENCE)


def test_a_gap_is_compared_with_that_of_the_training_with_the_lower_test_loss():
    # The gaps half-way are 1, 1 and 2; at the better ends, B, A, and A of two equal ones, 2, 4, 4.
    test = on_line(
        "loss",
        {0.0: 9, 0.5: 6, 1.0: 3},
        {0.0: 5, 0.5: 6, 1.0: 9},
        {0.0: 5, 0.5: 6, 1.0: 5},
        {0.0: 5, 0.5: 6, 1.0: 5},
    )
    train = on_line(
        "loss",
        {0.0: 8, 0.5: 5, 1.0: 1},
        {0.0: 1, 0.5: 5, 1.0: 8},
        {0.0: 1, 0.5: 4, 1.0: 4},
        split="train",
    )
    tables = {"e_lines": pd.concat([train["e_lines"], test["e_lines"]])}
    found = line.gap_ratio(tables, "e", 0.5)
    assert_sample(found, [0.5, 0.25, 0.5], RATIO)  # of the seeds that have both splits
    table = tables["e_lines"]
    # A gap below 0 is none.
    lower = (table["seed"] == 0) & (table["alpha"] == 0.5) & (table["split"] == "test")
    table.loc[lower, "loss"] = 4
    assert_sample(line.gap_ratio(tables, "e", 0.5), [0, 0.25, 0.5], RATIO)
    table.loc[(table["seed"] == 1) & (table["alpha"] == 0), "loss"] = 2
    with pytest.raises(Missing, match="seed 1: the better end has no gap to compare"):
        line.gap_ratio(tables, "e", 0.5)


# --- what networks predict


def predicted(*errors: tuple[float, float], target: tuple = (0.0, 9.0, 4.0)) -> dict:
    """Predictions at -1, 0 and 1, where the errors at both ends, and at 0, are as said."""
    target = np.array(target)
    frames = [
        pd.DataFrame({"variant": "v", "seed": seed, "x": [-1.0, 0.0, 1.0], "target": target})
        .assign(prediction=target + np.array([at_ends, at_0, -at_ends]))
        for seed, (at_ends, at_0) in enumerate(errors)
    ]  # fmt: skip
    return {"t": pd.concat(frames)}


def test_a_miss_is_told_by_the_variance_of_the_function_there():
    # At -1 and 1 the variance is 4; errors of 2 are once that, and of 4 four times.
    tables = predicted((0, 50), (2, 0), (4, 0))
    for error, yes in ((0.9, [0, 1, 1]), (1, [0, 0, 1]), (4, [0, 0, 0])):
        assert_sample(predictions.misses(tables, "t", "v", beyond=0.5, error=error), yes, SHARE)
    # A point at the border is not beyond it, and two that are alike do not vary.
    level = predicted((2, 0), target=(4.0, 9.0, 4.0))
    for none, beyond in ((tables, 1), (level, 0.5)):
        with pytest.raises(Missing, match=rf"t: the function does not vary at \|x\| > {beyond}"):
            predictions.misses(none, "t", "v", beyond=beyond, error=1)


def test_a_function_is_flat_by_the_standard_deviation_of_what_is_predicted():
    # Predictions of 0, 3 and 0, with a variance of 2, and of 1, 1 and 1.
    tables = predicted((0, -6), (1, -8), target=(0.0, 9.0, 0.0))
    tables["t"].loc[tables["t"]["seed"] == 1, "prediction"] = 1.0
    for deviation, yes in ((1.41, [0, 1]), (1.42, [1, 1]), (0, [0, 0])):
        assert_sample(predictions.nearly_flat(tables, "t", "v", deviation), yes, SHARE)


# --- sizes


def sized(
    column: str, *seeds: list[float], split: str = "test", parameters: list | None = None
) -> pd.DataFrame:
    """Final metrics of sizes, from the smallest to the largest, by seed."""
    return metrics(
        [
            {"variant": f"w{place}", "parameters": parameters[place] if parameters else 10 + place,
             "seed": seed, "split": split, column: value}
            for seed, values in enumerate(seeds)
            for place, value in enumerate(values)
        ]
    )  # fmt: skip


def test_ten_times_as_many_parameters_by_hand():
    # From 10 to 1000, two decades, the loss falls to a tenth.
    tables = {"e_metrics": sized("loss", [1, 0.1], [0.1, 0.1], parameters=[10, 1000])}
    found = size.per_decade(tables, "e", "test", "loss")
    assert_sample(found, [10**-0.5, 1], RATIO)
    # By least squares: logarithms of 0, 3 and 3 over three decades go up by 1.5 for each.
    runs = [[1, 1000, 1000], [1, 1, 1]]
    tables = {"e_metrics": sized("loss", *runs, parameters=[1, 10, 100])}
    assert_sample(size.per_decade(tables, "e", "test", "loss"), [10**1.5, 1], RATIO)
    found = size.per_decade(tables, "e", "test", "loss", ["w1", "w2"])
    assert_sample(found, [1, 1], RATIO)
    runs = [[0.5, 0.625, 0.75], [0.5, 0.5, 0.25]]
    tables = {"e_metrics": sized("accuracy", *runs, parameters=[1, 10, 100])}
    found = size.per_decade(tables, "e", "test", "accuracy")
    assert_sample(found, [12.5, -12.5], DIFFERENCE)
    # Two of one size are two points: 0 and 2 at one decade, 0 before.
    tables = {"e_metrics": sized("accuracy", [0, 0, 0.5], parameters=[1, 10, 10])}
    assert_sample(size.per_decade(tables, "e", "test", "accuracy"), [25], DIFFERENCE)


def test_what_sizes_cannot_say():
    tables = {"e_metrics": sized("loss", [1, 0.1, 0], parameters=[1, 10, 100])}
    with pytest.raises(Missing, match="e_metrics: a loss of 0 has no logarithm"):
        size.per_decade(tables, "e", "test", "loss")
    assert_sample(size.per_decade(tables, "e", "test", "loss", ["w0", "w1"]), [0.1], RATIO)
    with pytest.raises(Missing, match="e_metrics: one size has no slope"):
        size.per_decade(tables, "e", "test", "loss", ["w0"])
    alike = {"e_metrics": sized("accuracy", [0.2, 0.4], parameters=[100, 100])}
    with pytest.raises(Missing, match="e_metrics: one size has no slope"):
        size.per_decade(alike, "e", "test", "accuracy")
    with pytest.raises(Missing, match="one place has no order"):
        size.order_correlation(alike, "e", ["w0"], "test", "accuracy")
    for groups in ((["w1", "w2"], ["w0", "w1"]), (["w0", "w1"], ["w1", "w2"])):
        with pytest.raises(Missing, match="e_metrics: a loss of 0 has no geometric mean"):
            size.group_difference(tables, "e", *groups, "test", "loss")


def test_what_does_not_change_has_no_slope_to_the_last_digit():
    tables = {"e_metrics": sized("loss", [0.1] * 3, parameters=[17, 230, 5011])}
    assert size.per_decade(tables, "e", "test", "loss").values.tolist() == [1]
    tables = {"e_metrics": sized("accuracy", [0.9] * 3, parameters=[17, 230, 5011])}
    assert size.per_decade(tables, "e", "test", "accuracy").values.tolist() == [0]
    flat = on_line("accuracy", dict.fromkeys((0.0, 1.0, 1.3, 1.6, 2.0), 0.9))
    assert line.line_slope(flat, "e", "test", "accuracy", 1, 2).values.tolist() == [0]


def test_groups_of_sizes_by_hand():
    small, large = ["w0", "w1"], ["w2", "w3"]
    # Of losses the geometric means: 2 and 6, 3 and 3.
    tables = {"e_metrics": sized("loss", [1, 4, 4, 9], [9, 1, 1, 9])}
    found = size.group_difference(tables, "e", large, small, "test", "loss")
    assert_sample(found, [3, 1], RATIO)
    tables = {"e_metrics": sized("accuracy", [0.5, 1, 0, 0.25], [0, 0, 0.5, 0.25])}
    found = size.group_difference(tables, "e", large, small, "test", "accuracy")
    assert_sample(found, [-62.5, 37.5], DIFFERENCE)


def test_gaps_of_groups_of_sizes_by_hand():
    small, large = ["w0", "w1", "w2"], ["w3", "w4"]
    # The mean gaps of the first are 2 and 3, of the second 1 and 0.5; the third has no training.
    test = sized("loss", [2, 1, 6, 5, 7], [2] * 5, [1] * 5)
    train = sized("loss", [1, 1, 1, 5, 1], [1, 1, 1, 1, 2], split="train")
    tables = {"e_metrics": pd.concat([train, test])}
    assert_sample(size.group_gap_ratio(tables, "e", large, small), [1.5, 0.5], RATIO)
    assert_sample(size.group_gap_ratio(tables, "e", small, large), [2 / 3, 2], RATIO)
    level = pd.concat([train, test.assign(loss=1)])
    with pytest.raises(Missing, match="seed 0: no gap to compare"):
        size.group_gap_ratio({"e_metrics": level}, "e", large, small)


def test_the_least_accurate_of_the_largest_models():
    tables = {"e_metrics": sized("accuracy", [0.1, 0.75, 1], [0.1, 1, 0.5])}
    for models, expected in ((1, [100, 50]), (2, [75, 50]), (3, [10, 10])):
        assert_sample(size.largest_accuracy(tables, "e", "test", models), expected, LEVEL)
    for models in (0, -1, 4):
        with pytest.raises(Missing, match=f"e_metrics: of 3 sizes there are no {models}"):
            size.largest_accuracy(tables, "e", "test", models)
    with pytest.raises(Missing, match="e_metrics has one size"):
        size.largest_accuracy({"e_metrics": sized("accuracy", [0.1])}, "e", "test", 2)


# --- distances


def apart(*seeds: int, epochs=(0, 3, 9), cosines=(np.nan, 0.5, -0.25), **pairs) -> dict:
    """Distances of each two runs by epoch: those of `pairs`, of others 99; the cosine of a pair is
    that of the epoch, divided by the seed of its second run."""
    return {
        "t": pd.DataFrame(
            {"variant": "v", "seed": a, "other_seed": b, "epoch": epoch}
            | {"distance": pairs.get(f"of_{a}_{b}", [99] * len(epochs))[place]}
            | {"displacement_cosine": cosines[place] / b}
            for a in seeds
            for b in seeds
            if a < b
            for place, epoch in enumerate(epochs)
        )
    }


# The pairs are 0 with 1 and 3 with 4; 7 has none.
FIVE = apart(0, 1, 3, 4, 7, of_0_1=[2, 4, 3], of_3_4=[4, 5, 1])


def test_contraction_by_hand():
    for since, expected in (("start", [1.5, 0.25]), ("first_snapshot", [0.75, 0.2])):
        found = distances.contraction(FIVE, "t", since=since)
        assert_sample(found, expected, RATIO)
        assert found.of_pairs
    # Whichever of a pair is named first.
    turned = FIVE["t"].rename(columns={"seed": "other_seed", "other_seed": "seed"})
    assert distances.contraction({"t": turned}, "t").values.tolist() == [1.5, 0.25]


def test_ways_are_compared_at_the_last_snapshot():
    found = distances.cosine(FIVE, "t", "displacement_cosine")
    assert_sample(found, [-0.25, -0.0625], DIFFERENCE)
    assert found.of_pairs
    # At the start nothing has been gone yet, which is no fault; at the end it would be.
    table = FIVE["t"]
    with pytest.raises(Missing, match=r"t, epoch 0, seed 0, other seed 1: .*cosine is nan"):
        start = table[table["epoch"] == 0]
        distances.cosine({"t": start}, "t", "displacement_cosine")


def test_contraction_needs_the_weights_before_training_and_each_pair():
    table = FIVE["t"]

    def of(kept: pd.DataFrame, since: str = "start") -> Sample:
        return distances.contraction({"t": kept}, "t", since=since)

    for epochs in ([0], [9], [3, 9]):
        with pytest.raises(Missing, match="t: no snapshots of epoch 0 and of 1 or more later ones"):
            of(table[table["epoch"].isin(epochs)])
    with pytest.raises(Missing, match="t: no snapshots of epoch 0 and of 2 or more later ones"):
        of(table[table["epoch"] != 3], since="first_snapshot")
    assert of(table[table["epoch"] != 3]).values.tolist() == [1.5, 0.25]
    pair = (table["seed"] == 3) & (table["other_seed"] == 4)
    with pytest.raises(Missing, match="t: not each of 2 pairs of runs is there after each epoch"):
        of(table[~(pair & (table["epoch"] == 3))])
    with pytest.raises(Missing, match="has no rows"):
        of(table.iloc[:0])
    with pytest.raises(TooFew, match="found one run, expected two or more"):
        of(table[table["seed"] == 0].assign(other_seed=0).iloc[:3])


# --- surfaces


def test_roughness_is_the_mean_over_all_four_ways():
    # To the right, to the left, up and down from 1: falls of 3, 0, 1 and 0.
    ways = {(1, 0): 4, (2, 0): 1, (-1, 0): 2, (-2, 0): 3, (0, 1): 2, (0, 2): 1, (0, -1): 1}
    losses = {(x, y): ways.get((x, y), 1.0) for x in range(-2, 3) for y in range(-2, 3)}
    table = pd.DataFrame(
        {"variant": "v", "seed": 0, "x": float(x), "y": float(y), "loss": loss}
        for (x, y), loss in losses.items()
    )
    assert landscape.roughness({"e_surface": table}, "e", "v").tolist() == [1]
