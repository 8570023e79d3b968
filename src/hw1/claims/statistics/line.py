"""Statistics of the line between two trainings."""

import numpy as np
import pandas as pd

from hw1.claims.reading import Missing, Tables, rows
from hw1.claims.sample import Sample, effect, median


def line(tables: Tables, experiment: str, split: str, column: str) -> pd.DataFrame:
    """Loss or accuracy on the line between two trainings: a row per seed, a column per alpha."""
    found = rows(tables, f"{experiment}_lines", ("seed", "alpha"), [column], where={"split": split})
    return found.assign(alpha=found["alpha"].round(10)).pivot(
        index="seed", columns="alpha", values=column
    )


def at(values: pd.DataFrame, alpha: float) -> pd.Series:
    """The values at one alpha. Raises Missing where the grid does not contain it."""
    if alpha not in values:
        raise Missing(f"no alpha of {alpha}")
    return values[alpha]


def line_drop(
    tables: Tables, experiment: str, split: str, column: str, start: float, stop: float
) -> Sample:
    """Loss at alpha = start minus that at alpha = stop, in nats."""
    values = line(tables, experiment, split, column)
    return effect(at(values, start) - at(values, stop))


def line_minimum(tables: Tables, experiment: str, split: str) -> Sample:
    """The alpha of the smallest loss on the line; of equal ones the middle."""
    values = line(tables, experiment, split, "loss")
    lowest = values.eq(values.min(axis=1), axis=0)
    return median(lowest.apply(lambda run: float(np.mean(run.index[run])), axis=1))


def barrier(tables: Tables, experiment: str, split: str) -> Sample:
    """How clearly the loss fails to fall between the ends, in nats.

    The smaller one of two: the barrier, the largest rise above the chord between the ends, and
    the loss at 0.5 minus that of the smaller end. Negative where the loss lies below the chord all
    the way, or at 0.5 below both ends.
    """
    values = line(tables, experiment, split, "loss")
    start, end, middle = at(values, 0.0), at(values, 1.0), at(values, 0.5)
    between = values.loc[:, 0.0:1.0].iloc[:, 1:-1]
    alphas = between.columns.to_numpy()
    chord = np.outer(start, 1 - alphas) + np.outer(end, alphas)
    rise = pd.Series((between.to_numpy() - chord).max(axis=1), index=values.index)
    return effect(np.minimum(rise, middle - np.minimum(start, end)))


def line_slope(
    tables: Tables, experiment: str, split: str, column: str, start: float, stop: float
) -> Sample:
    """Least-squares slope between two alphas, of the loss in nats or of the accuracy in percentage
    points per alpha."""
    values = line(tables, experiment, split, column).loc[:, start:stop]
    if values.shape[1] < 2:
        raise Missing(f"no two alphas from {start} to {stop}")
    slopes = np.polyfit(values.columns.to_numpy(), values.to_numpy().T, 1)[0]
    return effect(pd.Series(slopes * (100 if column == "accuracy" else 1), index=values.index))


def midpoint_gain(tables: Tables, experiment: str, split: str) -> Sample:
    """Accuracy at alpha = 0.5 minus that of the better end, in percentage points."""
    values = line(tables, experiment, split, "accuracy")
    ends = np.maximum(at(values, 0.0), at(values, 1.0))
    return effect((100 * (at(values, 0.5) - ends)).round(9))
