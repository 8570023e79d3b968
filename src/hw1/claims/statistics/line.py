"""Statistics of the line between two trainings."""

from typing import Annotated

import numpy as np
import pandas as pd

from hw1.claims.keys import Experiment, Line, Score, Split
from hw1.claims.reading import Missing, Tables, each, paired, rows
from hw1.claims.sample import Sample, effect, median


def line(tables: Tables, experiment: Experiment, split: Split, column: Score) -> pd.DataFrame:
    """Loss or accuracy on the line of the only pair: a row per seed, a column per alpha."""
    return by_alpha(tables, f"{experiment}_lines", None, split, column)


def line_named(
    tables: Tables, experiment: Experiment, variant: Line, split: Split, column: Score
) -> pd.DataFrame:
    """Loss or accuracy on one of several lines, by its name, as `line` has it."""
    return by_alpha(tables, f"{experiment}_barriers", variant, split, column)


def by_alpha(
    tables: Tables, name: str, variant: Line | None, split: Split, column: Score
) -> pd.DataFrame:
    found = rows(tables, name, ("seed", "alpha"), [column], variant, {"split": split})
    return found.assign(alpha=found["alpha"].round(10)).pivot(
        index="seed", columns="alpha", values=column
    )


def at(values: pd.DataFrame, alpha: float) -> pd.Series:
    """The values at one alpha. Raises Missing where the grid does not contain it."""
    if alpha not in values:
        raise Missing(f"no alpha of {alpha}")
    return values[alpha]


def line_drop(
    tables: Tables,
    experiment: Annotated[Experiment, "lines"],
    split: Split,
    column: Score,
    start: float,
    stop: float,
) -> Sample:
    """Loss at alpha = start minus that at alpha = stop, in nats."""
    values = line(tables, experiment, split, column)
    return effect(at(values, start) - at(values, stop))


def line_minimum(
    tables: Tables, experiment: Annotated[Experiment, "lines"], split: Split
) -> Sample:
    """The alpha of the smallest loss on the line; of equal ones the least, so that one that is
    lowest at both of its ends, or everywhere, is not lowest in the middle."""
    return median(line(tables, experiment, split, "loss").idxmin(axis=1))


def above_chord(values: pd.DataFrame) -> pd.Series:
    """The largest rise above the chord between alpha = 0 and 1; negative where all lies below."""
    start, end = at(values, 0.0), at(values, 1.0)
    between = values.loc[:, 0.0:1.0].iloc[:, 1:-1]
    alphas = between.columns.to_numpy()
    chord = np.outer(start, 1 - alphas) + np.outer(end, alphas)
    return pd.Series((between.to_numpy() - chord).max(axis=1), index=values.index)


def barrier(tables: Tables, experiment: Annotated[Experiment, "lines"], split: Split) -> Sample:
    """How clearly the loss fails to fall between the ends, in nats.

    The smaller one of two: the barrier, the largest rise above the chord between the ends, and
    the loss at 0.5 minus that of the smaller end. Negative where the loss lies below the chord all
    the way, or at 0.5 below both ends.
    """
    values = line(tables, experiment, split, "loss")
    start, end, middle = at(values, 0.0), at(values, 1.0), at(values, 0.5)
    return effect(np.minimum(above_chord(values), middle - np.minimum(start, end)))


def loss_barrier(
    tables: Tables, experiment: Annotated[Experiment, "barriers"], variant: Line, split: Split
) -> Sample:
    """The largest rise of the loss above the chord between the ends of a line, in nats."""
    return effect(above_chord(line_named(tables, experiment, variant, split, "loss")))


def loss_barrier_share(
    tables: Tables,
    experiment: Annotated[Experiment, "barriers"],
    variant: Line,
    baseline: Line,
    split: Split,
) -> Sample:
    """The barrier of a line as a share of another's; below 0 where it has none. Raises Missing
    where the other has none."""
    first, second = (
        above_chord(line_named(tables, experiment, name, split, "loss"))
        for name in (variant, baseline)
    )
    first, second = paired(first, second)
    if (second <= 0).any():
        raise Missing(f"seed {second.index[second <= 0][0]}: {baseline} has no barrier to compare")
    return median(first / second)


def error_barrier(
    tables: Tables, experiment: Annotated[Experiment, "barriers"], variant: Line, split: Split
) -> Sample:
    """The largest error on a line minus the mean of the errors at its ends, in percentage points
    (Frankle, Dziugaite, Roy and Carbin 2020)."""
    values = line_named(tables, experiment, variant, split, "accuracy")
    ends = (at(values, 0.0) + at(values, 1.0)) / 2
    return effect((100 * (ends - values.loc[:, 0.0:1.0].min(axis=1))).round(9))


def line_slope(
    tables: Tables,
    experiment: Annotated[Experiment, "lines"],
    split: Split,
    column: Score,
    start: float,
    stop: float,
) -> Sample:
    """Least-squares slope between two alphas, of the loss in nats or of the accuracy in percentage
    points per alpha."""
    values = line(tables, experiment, split, column).loc[:, start:stop]
    if values.shape[1] < 2:
        raise Missing(f"no two alphas from {start} to {stop}")
    alphas = values.columns.to_numpy()
    slopes = each(values, lambda run: np.polyfit(alphas, run, 1)[0])
    return effect(slopes * (100 if column == "accuracy" else 1))


def midpoint_gain(
    tables: Tables, experiment: Annotated[Experiment, "lines"], split: Split
) -> Sample:
    """Accuracy at alpha = 0.5 minus that of the better end, in percentage points."""
    values = line(tables, experiment, split, "accuracy")
    ends = np.maximum(at(values, 0.0), at(values, 1.0))
    return effect((100 * (at(values, 0.5) - ends)).round(9))
