"""Statistics by hand, on a few rows each."""

import numpy as np
import pandas as pd
import pytest
from planted import metrics

from hw1.claims.reading import Missing, check, check_complete, final
from hw1.claims.statistics import course, landscape, line, predictions, size, units
from hw1.claims.statistics import final as ends


def by_epoch(column: str, **runs: list[list[float]]) -> pd.DataFrame:
    """A history: what each seed of a variant has of a column, from epoch 1 on."""
    return pd.DataFrame(
        {"variant": variant, "seed": seed, "epoch": epoch, column: value}
        for variant, seeds in runs.items()
        for seed, values in enumerate(seeds)
        for epoch, value in enumerate(values, start=1)
    )


def at_end(column: str, **runs: list[float]) -> pd.DataFrame:
    """Final training metrics: what each seed of a variant has of a column."""
    return metrics(
        [
            {"variant": variant, "seed": seed, column: value}
            for variant, values in runs.items()
            for seed, value in enumerate(values)
        ]
    )


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


def test_plateaus_by_hand():
    # From the second of four epochs on. The second run falls by 15 %; where the third stays the
    # other variant does, too; the fourth stays, but low.
    tables = {
        "e_history": by_epoch(
            "batch_loss",
            flat=[[9, 1, 0.99, 0.95], [9, 1, 0.9, 0.85], [1, 1, 1, 1], [0.4, 0.4, 0.4, 0.4]],
        ),
        "e_metrics": at_end("loss", flat=[0.95, 0.85, 1, 0.4], falls=[0.1, 0.1, 0.3, 0.1]),
    }
    found = course.plateaus(
        tables, "e", "flat", ["falls"], loss_above=0.5, since=0.5, gain=0.1, loss_below=0.2
    )
    assert found.values.tolist() == [1, 0, 0, 0]


def test_a_loss_that_stays_has_not_fallen():
    tables = {"e_history": by_epoch("batch_loss", v=[[3, 2, 2, 1]])}
    for at_least, expected in ((2 / 3, 1), (0.7, 0)):
        assert course.falls_steadily(tables, "e", "v", at_least).values.tolist() == [expected]


def test_the_fall_of_a_loss_is_from_the_first_epoch_to_the_last():
    tables = {"e_history": by_epoch("train_loss", v=[[2, 3, 1], [1, 0.5, 4]])}
    assert course.loss_fall(tables, "e").values.tolist() == [1, -3]


def iterations(*values: float) -> dict[str, pd.DataFrame]:
    """A history of one run, by iteration."""
    places = range(1, len(values) + 1)
    return {
        "e_history": pd.DataFrame(
            {"variant": "v", "seed": 0, "iteration": places, "batch_loss": values}
        )
    }


def test_phases_of_a_training_by_hand():
    values = course.phases(iterations(*range(1, 121)), "e", "batch_loss")
    for phase, first, last in (("first", 1, 50), ("middle", 41, 80), ("last", 109, 120)):
        assert course.during(values, phase).iloc[0].tolist() == list(range(first, last + 1))


def test_what_varies_is_measured_by_its_mean():
    # Mean 3 and standard deviation 1 in the middle; 12 and the root of 8 in the last tenth.
    tables = iterations(*[9] * 6, 2, 4, 2, 4, 2, 4, 3, *[9] * 5, 10, 14)
    found = course.fluctuation_ratio(tables, "e", "batch_loss")
    assert found.values.tolist() == [pytest.approx((1 / 3) / (8**0.5 / 12))]


def test_ups_and_downs_of_a_loss_by_hand():
    # The first turns once if its small step is left out; the third's correlation is 0.8.
    runs = [[1, 1.2, 1.19, 1.4, 1], [1, 1.2, 1, 1.2, 1], [1, 1.2, 1.1, 1.4, 1.3]]
    tables = {"e_history": by_epoch("test_loss", v=runs)}
    for turns, correlation, expected in ((2, 0.5, [0, 1, 0]), (3, 0.8, [0, 1, 1]), (4, 1, [0] * 3)):
        found = course.fluctuates(tables, "e", turns, moves=0.05, correlation=correlation)
        assert found.values.tolist() == expected


# --- the end of a training


def test_a_ratio_is_of_the_seeds_at_which_both_ended_low():
    tables = {"e_metrics": at_end("loss", a=[0.01, 0.01, 0.5], b=[0.02, 0.5, 0.02])}
    found = ends.final_ratio(tables, "e", "a", "b", "train", converged_below=0.1)
    assert found.values.tolist() == [0.5]


def test_accuracies_at_a_border_count():
    tables = {"e_metrics": at_end("accuracy", v=[0.25, 0.5, 0.75])}
    assert ends.accurate(tables, "e", "v", "train", at_least=0.5).values.tolist() == [0, 1, 1]
    found = ends.accuracy_within(tables, "e", "train", low=25, high=50)
    assert found.values.tolist() == [1, 1, 0]


def test_the_best_accuracy_may_be_an_earlier_one():
    runs = by_epoch("accuracy", v=[[0.5, 0.9, 0.7], [0.1, 0.2, 0.3]]).assign(split="test")
    assert ends.best_accuracy({"e_metrics": runs}, "e", "test").values.tolist() == [90, 30]


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


def on_line(column: str, *seeds: dict[float, float], name: str = "lines") -> dict:
    return {
        f"e_{name}": pd.DataFrame(
            {"variant": "a_b", "seed": seed, "split": "test", "alpha": alpha, column: value}
            for seed, values in enumerate(seeds)
            for alpha, value in values.items()
        )
    }


def test_the_lowest_point_of_a_line_is_the_first_of_equal_ones():
    tables = on_line("loss", {0.0: 1, 0.5: 1, 1.0: 1}, {0.0: 2, 0.5: 1, 1.0: 1})
    assert line.line_minimum(tables, "e", "test").values.tolist() == [0, 0.5]


def test_a_barrier_lies_between_the_ends():
    tables = on_line("loss", {-1.0: 9, 0.0: 0, 0.5: 0.75, 1.0: 1, 2.0: 9})
    assert line.barrier(tables, "e", "test").values.tolist() == [0.25]


def test_a_barrier_of_errors_is_measured_from_the_mean_of_both_ends():
    tables = on_line("accuracy", {0.0: 0.75, 0.5: 0.25, 1.0: 0.5}, name="barriers")
    assert line.error_barrier(tables, "e", "a_b", "test").values.tolist() == [37.5]


def test_accuracies_on_a_line_by_hand():
    tables = on_line("accuracy", {0.0: 0.6, 0.5: 0.85, 1.0: 0.8}, {0.0: 0.5, 0.5: 0.25, 1.0: 0})
    assert line.midpoint_gain(tables, "e", "test").values.tolist() == [5, -25]
    slopes = line.line_slope(tables, "e", "test", "accuracy", 0.5, 1.0).values
    assert slopes.tolist() == pytest.approx([-10, -50])


# --- what networks predict


def test_a_miss_is_told_by_the_variance_of_the_function_there():
    # At -1 and 1 the variance is 4; errors of 2 are once that, and of 4 four times.
    x = [-1.0, 0.0, 1.0]

    def predicted(variant: str, seed: int, error: float) -> pd.DataFrame:
        target = np.array([0.0, 9.0, 4.0])
        columns = {"x": x, "target": target, "prediction": target + np.array([error, 50, -error])}
        return pd.DataFrame({"variant": variant, "seed": seed, **columns})

    runs = [("a", 0, 2), ("a", 1, 4), ("a", 2, 4), ("b", 0, 0), ("b", 1, 2), ("b", 2, 4)]
    tables = {"t": pd.concat([predicted(*run) for run in runs])}
    found = predictions.misses_oscillation(tables, "t", "a", ["b"], beyond=0.5, error=2)
    assert found.values.tolist() == [0, 1, 0]


# --- sizes


def sized(column: str, *seeds: list[float], split: str = "test") -> pd.DataFrame:
    """Final metrics of sizes, from the smallest to the largest, by seed."""
    return metrics(
        [
            {"variant": f"w{place}", "parameters": 10 + place, "seed": seed, "split": split,
             column: value}
            for seed, values in enumerate(seeds)
            for place, value in enumerate(values)
        ]
    )  # fmt: skip


def test_the_least_accurate_of_the_largest_models():
    tables = {"e_metrics": sized("accuracy", [0.1, 0.75, 1], [0.1, 1, 0.5])}
    assert size.largest_accuracy(tables, "e", "test", 2).values.tolist() == [75, 50]


def test_legs_to_the_best_size_and_from_it():
    """Of all seeds but the first, for which there is none to choose on."""
    accuracies = {"e_metrics": sized("accuracy", *[[0.25, 0.5, 0.375, 0.75]] * 4)}
    for leg, leaving_out, expected in (("first", 0, 50), ("last", 0, 0), ("last", 2, 25)):
        found = size.size_leg(accuracies, "e", "test", "accuracy", leg, leaving_out)
        assert found.values.tolist() == [expected] * 3
    losses = {"e_metrics": sized("loss", *[[4.0, 1.0, 2.0]] * 4)}
    for leg, expected in (("first", 0.25), ("last", 2)):
        found = size.size_leg(losses, "e", "test", "loss", leg)
        assert found.values.tolist() == [expected] * 3


def test_one_seed_of_many_does_not_say_which_size_fits():
    runs = [0.5, 1, 1], [0.5, 1, 1], [0.5, 0.25, 1], [0.5, 1, 1]
    trained = sized("accuracy", *runs, split="train")
    tables = {"e_metrics": pd.concat([trained, sized("accuracy", *[[0.5, 0.25, 0.75]] * 4)])}
    found = size.fitting_peak(tables, "e", "accuracy", "largest")
    assert found.values.tolist() == [50] * 3


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
