"""Statistics of the line between two trainings."""

from typing import Annotated

import numpy as np
import pandas as pd

from hw1.claims.keys import Experiment, Line, Score, Split
from hw1.claims.reading import Missing, Tables, each, paired, rows
from hw1.claims.sample import Sample, effect, median, percentage_points, ratio, share


def line(
    tables: Tables, experiment: Experiment, split: Split, column: Score, name: Line | None = None
) -> pd.DataFrame:
    """Loss or accuracy on the line of the only pair, or on one of several lines by its name: a row
    per seed, a column per alpha."""
    table = f"{experiment}_{'barriers' if name else 'lines'}"
    found = rows(tables, table, ("seed", "alpha"), [column], name, {"split": split})
    return found.assign(alpha=found["alpha"].round(10)).pivot(
        index="seed", columns="alpha", values=column
    )


def at(values: pd.DataFrame, alpha: float) -> pd.Series:
    """The values at one alpha. Raises Missing if the grid does not contain it."""
    if alpha not in values:
        raise Missing(f"no alpha of {alpha}")
    return values[alpha]


def nearly_lowest(
    tables: Tables,
    experiment: Annotated[Experiment, "lines"],
    split: Split,
    alpha: float,
    since: float,
    within: float,
) -> Sample:
    """Share of pairs whose loss at an alpha is less than so many nats above the lowest one from
    `since` to there."""
    values = line(tables, experiment, split, "loss")
    at(values, since)
    return share(at(values, alpha) - values.loc[:, since:alpha].min(axis=1) < within)


def above_chord(values: pd.DataFrame) -> pd.Series:
    """The largest rise above the chord between alpha = 0 and 1; negative if all lies below."""
    start, end = at(values, 0.0), at(values, 1.0)
    between = values.loc[:, 0.0:1.0].iloc[:, 1:-1]
    alphas = between.columns.to_numpy()
    chord = np.outer(start, 1 - alphas) + np.outer(end, alphas)
    return pd.Series((between.to_numpy() - chord).max(axis=1), index=values.index)


def loss_barrier(
    tables: Tables, experiment: Annotated[Experiment, "barriers"], variant: Line, split: Split
) -> Sample:
    """The largest rise of the loss above the chord between the ends of a line, in nats."""
    return effect(above_chord(line(tables, experiment, split, "loss", variant)))


def barrier_share(
    tables: Tables,
    experiment: Annotated[Experiment, "barriers"],
    variant: Line,
    baseline: Line,
    split: Split,
    column: Score = "loss",
) -> Sample:
    """The barrier of a line, the largest rise of the loss or of the error above the chord, as a
    share of another's. It is below 0 if there is none. Raises Missing if the other has none."""
    first, second = (
        above_chord(
            line(tables, experiment, split, column, name) * (1, -1)[column != "loss"]
        ).round(9)
        for name in (variant, baseline)
    )
    first, second = paired(first, second)
    if (second <= 0).any():
        raise Missing(f"seed {second.index[second <= 0][0]}: {baseline} has no barrier to compare")
    return median(first / second)


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
    return effect((slopes * (100 if column == "accuracy" else 1)).round(9))


def midpoint_gain(
    tables: Tables,
    experiment: Annotated[Experiment, "lines"],
    split: Split,
    start: float,
    stop: float,
) -> Sample:
    """The highest accuracy between two alphas minus that of the better end of the line, in
    percentage points."""
    values = line(tables, experiment, split, "accuracy")
    middle = values.loc[:, start:stop]
    if middle.empty:
        raise Missing(f"no alpha from {start} to {stop}")
    ends = np.maximum(at(values, 0.0), at(values, 1.0))
    return percentage_points(middle.max(axis=1), ends)


def rise_beyond(
    tables: Tables, experiment: Annotated[Experiment, "lines"], split: Split, alpha: float
) -> Sample:
    """Loss at an alpha minus that of the worse of both trainings, in nats."""
    values = line(tables, experiment, split, "loss")
    return effect(at(values, alpha) - np.maximum(at(values, 0.0), at(values, 1.0)))


def gap_ratio(tables: Tables, experiment: Annotated[Experiment, "lines"], alpha: float) -> Sample:
    """Test loss minus training loss at an alpha, at least 0, over the same gap of the training with
    the lower test loss. Raises Missing if that training has no gap."""
    train, test = (line(tables, experiment, split, "loss") for split in ("train", "test"))
    test, train = test.align(train, join="inner")
    gaps = test - train
    better = at(gaps, 0.0).where(at(test, 0.0) <= at(test, 1.0), at(gaps, 1.0))
    if (better <= 0).any():
        raise Missing(f"seed {better.index[better <= 0][0]}: the better end has no gap to compare")
    return ratio(at(gaps, alpha).clip(lower=0), better)
