"""Statistics of models that differ in their number of parameters."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd

from hw1.claims.keys import Experiment, Score, Split, Variants
from hw1.claims.reading import Missing, Tables, TooFew, each, final, together
from hw1.claims.sample import Sample, effect, median, ratio
from hw1.inference import spearman


def by_size(tables: Tables, experiment: Experiment, split: Split, column: Score) -> pd.DataFrame:
    """Final metrics: a row per seed that has every size, a column per size, smallest first."""
    name = f"{experiment}_metrics"
    if name not in tables:
        raise Missing(f"no table {name}")
    columns = []
    for variant in sorted(tables[name]["variant"].unique()):
        found = final(tables, experiment, split, variant, [column, "parameters"])
        key = (int(found["parameters"].iloc[0]), variant)  # two variants may be of one size
        columns.append(found[column].rename(key))
    if len(columns) < 2:
        raise Missing(f"{name} has one size")
    sizes = together(columns)
    sizes.columns = pd.MultiIndex.from_tuples(sizes.columns, names=["parameters", "variant"])
    return sizes.sort_index(axis=1)


def size_correlation(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants"],
    split: Split,
    column: Score,
) -> Sample:
    """Spearman's correlation of parameters and final loss or accuracy, over the sizes."""
    values = by_size(tables, experiment, split, column)
    sizes = values.columns.get_level_values("parameters").to_numpy()
    return effect(each(values, lambda row: spearman(sizes, row)))


def order_correlation(
    tables: Tables,
    experiment: Experiment,
    variants: Variants,
    split: Split,
    column: Literal["loss", "accuracy", "epoch"],
) -> Sample:
    """Spearman's correlation of the place in a list of variants and what they end with: the final
    loss or accuracy, or the `epoch` at which training stopped."""
    ends = [final(tables, experiment, split, name, [column])[column] for name in variants]
    return effect(correlation_with_place(ends))


def correlation_with_place(columns: list[pd.Series]) -> pd.Series:
    """Spearman's correlation of the place of several series and their values, by seed."""
    values, places = together(columns), np.arange(len(columns))
    return each(values, lambda row: spearman(places, row))


def largest_accuracy(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants", "labels"],
    split: Split,
    models: int,
) -> Sample:
    """Final accuracy of the least accurate of the largest so many models, in percent."""
    values = by_size(tables, experiment, split, "accuracy")
    return median(100 * values.iloc[:, -models:].min(axis=1))


def best_size(values: pd.DataFrame) -> pd.Series:
    """The values of the size with the highest mean, which is chosen for each seed on those before
    it; the first has none before.

    So chance does not make the best look better than it is, and a further seed changes no value.
    Raises TooFew where there is one seed.
    """
    if len(values) < 2:
        raise TooFew("no earlier seed to choose the best size on")
    chosen = values.expanding().mean().idxmax(axis=1).shift().iloc[1:]
    return pd.Series(
        [values.at[seed, size] for seed, size in chosen.items()], index=chosen.index, dtype=float
    )


def size_leg(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants"],
    split: Split,
    column: Score,
    leg: Literal["first", "last"],
    leaving_out: int = 0,
) -> Sample:
    """From the smallest to the best size, the `first` leg, or from the best to the largest.

    The best size has the lowest loss or the highest accuracy, and is none of the largest
    `leaving_out`. Of losses the ratio, of accuracies the difference in percentage points, each of
    the larger size to the smaller.
    """
    values = by_size(tables, experiment, split, column)
    if values.shape[1] - leaving_out < 2:
        raise Missing(f"{experiment}_metrics: found {values.shape[1]} sizes, expected more")
    oriented = -values if column == "loss" else values
    best = best_size(oriented.iloc[:, : values.shape[1] - leaving_out]).abs()
    ends = values.loc[best.index]
    larger, smaller = (best, ends.iloc[:, 0]) if leg == "first" else (ends.iloc[:, -1], best)
    if column == "loss":
        return ratio(larger, smaller)
    return effect((100 * (larger - smaller)).round(9))


def fitting_peak(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants", "labels"],
    column: Score,
    side: Literal["smaller", "largest"],
    accuracy: float = 0.99,
) -> Sample:
    """How much worse the smallest model that fits the training labels does on test examples than
    the best `smaller` one, or than the `largest`.

    It fits where the median training accuracy is as high as said. Both are chosen for each seed on
    those before it; a seed before which there is no such model has no value. Of losses the ratio,
    of accuracies the difference of the errors in percentage points. Raises Missing where no seed
    has one.
    """
    name = f"{experiment}_metrics"
    values = by_size(tables, experiment, "test", column)
    trained = by_size(tables, experiment, "train", "accuracy").loc[values.index]
    if len(values) < 2:
        raise TooFew("no earlier seed to choose the size that fits on")
    peaks, others = {}, {}
    problem = f"no size fits {100 * accuracy:g} % of its labels"
    for place, seed in enumerate(values.index[1:], start=1):
        before = values.iloc[:place].mean()
        fits = (trained.iloc[:place].median() >= accuracy).to_numpy()
        if not fits.any():
            continue
        first = int(fits.argmax())
        if first == (0 if side == "smaller" else values.shape[1] - 1):
            problem = f"the {side} size is the first that fits its labels"
            continue
        smaller = before.iloc[:first]
        best = smaller.idxmin() if column == "loss" else smaller.idxmax()
        own = values.loc[seed]
        peaks[seed] = own.iloc[first]
        others[seed] = own.iloc[-1] if side == "largest" else own[best]
    if not peaks:
        raise Missing(f"{name}: {problem}")
    peak, other = pd.Series(peaks), pd.Series(others)
    if column == "loss":
        return ratio(peak, other)
    return effect((100 * (other - peak)).round(9))
