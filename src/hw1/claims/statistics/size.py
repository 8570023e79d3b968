"""Statistics of models that differ in their number of parameters."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd

from hw1.claims.inference import spearman
from hw1.claims.keys import Experiment, Score, Split, Variants
from hw1.claims.reading import Missing, Tables, TooFew, each, final, paired, together
from hw1.claims.sample import Sample, effect, median, percent, percentage_points, ratio


def by_size(
    tables: Tables,
    experiment: Experiment,
    split: Split,
    column: Score,
    variants: Variants | None = None,
) -> pd.DataFrame:
    """Final metrics of some variants, or all: a row per seed that has every size, a column per
    size, smallest first."""
    name = f"{experiment}_metrics"
    if name not in tables:
        raise Missing(f"no table {name}")
    columns = []
    for variant in sorted(variants or tables[name]["variant"].unique()):
        found = final(tables, experiment, split, variant, [column, "parameters"])
        key = (int(found["parameters"].iloc[0]), variant)  # two variants may be of one size
        columns.append(found[column].rename(key))
    if not variants and len(columns) < 2:
        raise Missing(f"{name} has one size")
    sizes = together(columns)
    sizes.columns = pd.MultiIndex.from_tuples(sizes.columns, names=["parameters", "variant"])
    return sizes.sort_index(axis=1)


def per_decade(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants"],
    split: Split,
    column: Score,
    variants: Variants | None = None,
) -> Sample:
    """What ten times as many parameters do: how many times as large the final loss is, or by how
    many percentage points the accuracy is higher. It is the slope of the least-squares line over
    the logarithms of the sizes, of some variants or of all."""
    values = by_size(tables, experiment, split, column, variants)
    decades = np.log10(values.columns.get_level_values("parameters").to_numpy(float))
    if len(np.unique(decades)) < 2:
        raise Missing(f"{experiment}_metrics: one size has no slope")
    if column == "accuracy":
        slopes = each(values, lambda row: 100 * np.polyfit(decades, row, 1)[0])
        return effect(slopes.round(9))
    if (values <= 0).any(axis=None):
        raise Missing(f"{experiment}_metrics: a loss of 0 has no logarithm")
    ratios = each(values, lambda row: np.exp(np.polyfit(decades, np.log(row), 1)[0]))
    return Sample(ratios.round(12).to_numpy(), null=1)


def group_difference(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants"],
    variants: Variants,
    baseline: Variants,
    split: Split,
    column: Score,
) -> Sample:
    """Some sizes against others: the ratio of the geometric means of their final losses, or the
    difference of the means of their accuracies in percentage points."""
    first, second = (
        by_size(tables, experiment, split, column, names) for names in (variants, baseline)
    )
    if column == "loss":
        if (first <= 0).any(axis=None) or (second <= 0).any(axis=None):
            raise Missing(f"{experiment}_metrics: a loss of 0 has no geometric mean")
        return ratio(
            *(each(group, lambda row: np.exp(np.log(row).mean())) for group in (first, second))
        )
    return percentage_points(*(each(group, np.mean) for group in (first, second)))


def group_gap_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants"],
    variants: Variants,
    baseline: Variants,
) -> Sample:
    """Test loss minus training loss, as the mean over some sizes and at least 0, over the same mean
    of others. Raises Missing if the others have no gap."""

    def gap(names: Variants) -> pd.Series:
        test, train = (
            by_size(tables, experiment, split, "loss", names) for split in ("test", "train")
        )
        return each((test - train).dropna(), np.mean)

    first, second = paired(gap(variants), gap(baseline))
    if (second <= 0).any():
        raise Missing(f"seed {second.index[second <= 0][0]}: no gap to compare")
    return ratio(first.clip(lower=0), second)


def order_correlation(
    tables: Tables,
    experiment: Experiment,
    variants: Variants,
    split: Split,
    column: Literal["loss", "accuracy", "epoch"],
) -> Sample:
    """Spearman's correlation between the place in a list of variants and what they end with: the
    final loss or accuracy, or the `epoch` at which training stopped."""
    ends = [final(tables, experiment, split, name, [column])[column] for name in variants]
    return effect(correlation_with_place(ends))


def correlation_with_place(columns: list[pd.Series]) -> pd.Series:
    """Spearman's correlation between the places of several series and their values, by seed."""
    if len(columns) < 2:
        raise Missing("one place has no order")
    values, places = together(columns), np.arange(len(columns))
    return each(values, lambda row: spearman(places, row))


def largest_accuracy(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants", "labels"],
    split: Split,
    models: int,
) -> Sample:
    """The lowest final accuracy among so many of the largest models, in percent."""
    values = by_size(tables, experiment, split, "accuracy")
    if not 1 <= models <= values.shape[1]:
        raise Missing(f"{experiment}_metrics: of {values.shape[1]} sizes there are no {models}")
    return median(percent(values.iloc[:, -models:].min(axis=1)))


def fitting_peak(
    tables: Tables,
    experiment: Annotated[Experiment, "several variants", "labels"],
    column: Score,
    side: Literal["smaller", "largest"],
    up_to: float = 1,
    accuracy: float = 0.99,
) -> Sample:
    """How much worse the worst of the models that just fit their training labels does on test
    examples than the best `smaller` one, or than the `largest`.

    A model fits if its median training accuracy is as high as said. The worst is chosen among
    models with up to so many times the parameters of the smallest that fits. For each seed, all are
    chosen on the seeds before it; without such a model there, the seed has no value. Losses give a
    ratio, accuracies a difference of errors in percentage points. Raises Missing without a value.
    """
    name = f"{experiment}_metrics"
    values = by_size(tables, experiment, "test", column)
    trained = by_size(tables, experiment, "train", "accuracy").loc[values.index]
    sizes = values.columns.get_level_values("parameters").to_numpy(float)
    if len(values) < 2:
        raise TooFew("no earlier seed to choose the size that fits on")
    # The higher the worse.
    errors = values if column == "loss" else 1 - values
    peaks, others = {}, {}
    problem = f"no size fits {100 * accuracy:g} % of its labels"
    for place, seed in enumerate(values.index[1:], start=1):
        before = errors.iloc[:place].mean().to_numpy()
        fits = (trained.iloc[:place].median() >= accuracy).to_numpy()
        if not fits.any():
            continue
        first = int(fits.argmax())
        last = int((sizes <= up_to * sizes[first]).sum())  # the first that is larger than these
        if side == "smaller" and first == 0:
            problem = "the smallest size is the first that fits its labels"
            continue
        if side == "largest" and last == len(sizes):
            problem = "no size is larger than those that just fit their labels"
            continue
        worst = first + int(before[first:last].argmax())
        best = -1 if side == "largest" else int(before[:first].argmin())
        own = errors.loc[seed]
        peaks[seed], others[seed] = own.iloc[worst], own.iloc[best]
    if not peaks:
        raise Missing(f"{name}: {problem}")
    peak, other = pd.Series(peaks), pd.Series(others)
    if column == "loss":
        return ratio(peak, other)
    return percentage_points(peak, other)
