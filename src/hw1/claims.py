"""What the report's claims are decided by: statistics of the tables, over seeds.

Each function named in `STATISTICS` takes the tables by name (data frames with the columns that
the README documents) and what a part of a claim has under `of` (workflow/claims.yaml), and pairs
its arms by seed. All raise Missing where the tables lack what they need.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from hw1.inference import bootstrap, sign_flip, spearman, wilson

Tables = dict[str, pd.DataFrame]


class Evidence(NamedTuple):
    """What the runs say about one part of a claim.

    `low` and `high` bound the 95 % interval; `n` counts seeds and is None where none are needed;
    `p` tests for no effect, which is one for a `ratio` and zero for all else, and is None where
    there is no such test. A location without one has its `values`, one per seed, to be tested
    against the numbers that confirm it.
    """

    estimate: float
    low: float
    high: float
    n: int | None
    p: float | None = None
    ratio: bool = False
    values: np.ndarray | None = None


class Missing(LookupError):
    """The tables lack what a statistic needs."""


# --- from a value per seed to evidence


def share(seeds: pd.Series) -> Evidence:
    """Share of seeds that have a property, one boolean each; Wilson's interval."""
    low, high = wilson(int(seeds.sum()), len(seeds))
    return Evidence(float(seeds.mean()), low, high, len(seeds))


def location(seeds: pd.Series, statistic: Callable[..., np.ndarray]) -> Evidence:
    """Median or mean over seeds; BCa interval."""
    values = seeds.to_numpy(float)
    low, high = bootstrap(values, statistic)
    return Evidence(float(statistic(values)), low, high, len(values), values=values)


def difference(seeds: pd.Series) -> Evidence:
    """Median of differences, one per seed; BCa interval, sign-flip test.

    The test is of the mean, which a few runs that collapse can move to the other side of zero than
    the median: that is no support for the median, and p is 1.
    """
    found = location(seeds, np.median)
    opposed = found.estimate * found.values.mean() < 0
    return found._replace(p=1.0 if opposed else sign_flip(found.values), values=None)


def ratio(logarithms: pd.Series) -> Evidence:
    """Median of ratios, given as one logarithm per seed, which is what is tested."""
    found = difference(logarithms)
    estimate, low, high = np.exp(found[:3]).tolist()
    return found._replace(estimate=estimate, low=low, high=high, ratio=True)


# --- from tables to a value per seed


def named(tables: Tables, name: str) -> pd.DataFrame:
    """A table by name. Raises Missing where there is none."""
    if name not in tables:
        raise Missing(f"no table {name}")
    return tables[name]


def runs(frame: pd.DataFrame, variant: str) -> pd.DataFrame:
    """The rows of one variant. Raises Missing where there are none."""
    rows = frame[frame["variant"] == variant]
    if rows.empty:
        raise Missing(f"no runs of {variant}")
    return rows


def only_variant(frame: pd.DataFrame) -> str:
    """The variant that a table is about. Raises Missing where there are none or several."""
    variants = list(frame["variant"].unique())
    if len(variants) != 1:
        raise Missing(f"expected one variant, found {', '.join(variants) or 'none'}")
    return variants[0]


def final(tables: Tables, experiment: str, split: str, variant: str | None = None) -> pd.DataFrame:
    """The metrics after the last epoch, indexed by seed, of one variant or the only one."""
    metrics = named(tables, f"{experiment}_metrics")
    metrics = metrics[metrics["split"] == split]
    if variant is None:
        variant = only_variant(metrics)
    rows = runs(metrics, variant)
    last = rows.groupby("seed")["epoch"].transform("max")
    return rows[rows["epoch"] == last].set_index("seed")


def paired(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two arms at the seeds that both have. Raises Missing where they share none."""
    first, second = first.align(second, join="inner")
    if first.empty:
        raise Missing("no seed has both arms")
    return first, second


def all_of(columns: Iterable[pd.Series]) -> pd.Series:
    """Where all of several boolean series hold, at the seeds that all have."""
    frame = pd.concat(columns, axis=1, join="inner")
    if frame.empty:
        raise Missing("no seed has all arms")
    return frame.all(axis=1)


def parameter_count(tables: Tables, experiment: str, variant: str) -> Evidence:
    """Trainable parameters of a model: a count, which needs no seeds."""
    count = float(runs(named(tables, f"{experiment}_metrics"), variant)["parameters"].iloc[0])
    return Evidence(count, count, count, None)


def converged(tables: Tables, experiment: str, variant: str, below: float) -> Evidence:
    """Share of runs that end with a training loss below a share of the best constant's."""
    metrics = final(tables, experiment, "train", variant)
    return share(metrics["loss"] < below * metrics["constant_loss"])


RUNNING_MEDIAN_ROWS = 11


def epochs_to(tables: Tables, experiment: str, variant: str, below: float) -> pd.Series:
    """First epoch at which the running median of the training loss, over 11 recorded epochs, is
    below a share of the best constant's; NaN for a run that never gets there."""
    history = runs(named(tables, f"{experiment}_history"), variant)
    bound = below * final(tables, experiment, "train", variant)["constant_loss"]

    def first(run: pd.DataFrame) -> float:
        running = run["batch_loss"].rolling(RUNNING_MEDIAN_ROWS, min_periods=1).median()
        return run["epoch"][running < bound[run.name]].min()

    both = history[history["seed"].isin(bound.index)]
    return both.groupby("seed").apply(first, include_groups=False).astype(float)


def convergence_ratio(
    tables: Tables, experiment: str, variant: str, baseline: str, below: float
) -> Evidence:
    """Epochs that a variant needs to get below a share of the variance, over the baseline's.

    A run that never gets there counts with the last epoch, a bound on the true ratio; a pair of
    which neither run does says nothing and is left out.
    """
    arms = (epochs_to(tables, experiment, name, below) for name in (variant, baseline))
    first, second = paired(*arms)
    known = first.notna() | second.notna()
    if not known.any():
        raise Missing("no run gets there")
    last = named(tables, f"{experiment}_history")["epoch"].max()
    return ratio(np.log(first[known].fillna(last) / second[known].fillna(last)))


def misses_oscillation(
    tables: Tables,
    table: str,
    missing: str,
    following: list[str],
    beyond: float,
    error: float,
) -> Evidence:
    """Share of seeds where one variant misses the function at |x| > `beyond`, and others do not.

    To miss is a mean squared error there of more than `error` times the function's variance there.
    """
    predictions = named(tables, table)
    lobes = predictions[predictions["x"].abs() > beyond]

    def normalised(variant: str) -> pd.Series:
        rows = runs(lobes, variant)
        squares = (rows["prediction"] - rows["target"]) ** 2
        variance = rows.groupby("seed")["target"].var(ddof=0)
        return squares.groupby(rows["seed"]).mean() / variance

    follow = [normalised(variant) < error for variant in following]
    return share(all_of([normalised(missing) > error, *follow]))


def plateaus(
    tables: Tables,
    experiment: str,
    flat: str,
    improving: list[str],
    loss_above: float,
    since: float,
    gain: float,
    loss_below: float,
) -> Evidence:
    """Share of seeds where one variant stays on a plateau while the others end below a loss.

    A plateau ends above `loss_above` and is less than a share `gain` lower than it was when the
    share `since` of the epochs had passed.
    """
    history = runs(named(tables, f"{experiment}_history"), flat)
    start = history[history["epoch"] >= since * history["epoch"].max()]
    start = start.groupby("seed")["batch_loss"].first()
    end = final(tables, experiment, "train", flat)["loss"]
    start, end = paired(start, end)
    low = [final(tables, experiment, "train", name)["loss"] < loss_below for name in improving]
    return share(all_of([(end > loss_above) & (end > (1 - gain) * start), *low]))


def final_ratio(
    tables: Tables, experiment: str, variant: str, baseline: str, split: str
) -> Evidence:
    """Final loss of a variant over the baseline's."""
    arms = (final(tables, experiment, split, name)["loss"] for name in (variant, baseline))
    first, second = paired(*arms)
    return ratio(np.log(first / second))


def accurate(
    tables: Tables, experiment: str, variant: str, split: str, at_least: float
) -> Evidence:
    """Share of runs with at least a final accuracy."""
    return share(final(tables, experiment, split, variant)["accuracy"] >= at_least)


def accuracy_difference(
    tables: Tables, experiment: str, variant: str, baseline: str, split: str
) -> Evidence:
    """Final accuracy of a variant minus the baseline's, in percentage points."""
    arms = (final(tables, experiment, split, name)["accuracy"] for name in (variant, baseline))
    first, second = paired(*arms)
    return difference(100 * (first - second))


def contraction(tables: Tables, table: str) -> Evidence:
    """Mean L2 distance between two runs' weights at the last snapshot over that at the first.

    Runs are resampled, not pairs, which are not independent; a run's distance to its own copy is
    left out. Of few runs the interval is somewhat short.
    """
    rows = named(tables, table)
    if rows.empty:
        raise Missing("no pair of runs")
    rows = runs(rows, only_variant(rows))
    if rows["epoch"].min() != 0 or rows["epoch"].max() == 0:
        raise Missing("no snapshots of epoch 0 and of a later one")
    seeds = sorted({*rows["seed"], *rows["other_seed"]})
    place = {seed: index for index, seed in enumerate(seeds)}

    def matrix(epoch: int) -> np.ndarray:
        distances = np.zeros((len(seeds), len(seeds)))
        at = rows[rows["epoch"] == epoch]
        first, second = at["seed"].map(place), at["other_seed"].map(place)
        distances[first, second] = distances[second, first] = at["distance"]
        return distances

    before, after = matrix(rows["epoch"].min()), matrix(rows["epoch"].max())

    def statistic(sample: np.ndarray, axis: int) -> np.ndarray:
        drawn = np.moveaxis(sample.astype(int), axis, -1)
        pairs = drawn[..., :, None], drawn[..., None, :]
        start, end = before[pairs].sum((-2, -1)), after[pairs].sum((-2, -1))
        # One run drawn every time has no distance to another, before or after.
        return np.divide(end, start, out=np.ones_like(start), where=start > 0)

    everyone = np.arange(len(seeds), dtype=float)
    low, high = bootstrap(everyone, statistic)
    return Evidence(float(statistic(everyone, axis=0)), low, high, len(seeds), ratio=True)


def best_accuracy(tables: Tables, experiment: str) -> Evidence:
    """Accuracy of the most accurate run, on the split where it is highest, in percent.

    The interval is Wilson's, over the examples of that split.
    """
    metrics = named(tables, f"{experiment}_metrics")
    best = metrics.loc[metrics["accuracy"].idxmax()]
    low, high = wilson(round(best["accuracy"] * best["examples"]), int(best["examples"]))
    return Evidence(100 * best["accuracy"], 100 * low, 100 * high, metrics["seed"].nunique())


FIRST_ITERATIONS = 50


def phase_ratio(tables: Tables, experiment: str, column: str, phase: str) -> Evidence:
    """Mean of a column over the first 50 iterations, or the last tenth, over the middle third."""
    history = named(tables, f"{experiment}_history")
    only_variant(history)

    def logarithm(run: pd.DataFrame) -> float:
        values = run[column].to_numpy()
        n = len(values)
        part = values[:FIRST_ITERATIONS] if phase == "first" else values[n - max(n // 10, 1) :]
        return float(np.log(part.mean() / values[n // 3 : max(2 * n // 3, n // 3 + 1)].mean()))

    return ratio(history.groupby("seed").apply(logarithm, include_groups=False))


def line(tables: Tables, experiment: str, split: str, column: str) -> pd.DataFrame:
    """Loss or accuracy on the line between two trainings: a row per seed, a column per alpha."""
    lines = named(tables, f"{experiment}_lines")
    rows = lines[lines["split"] == split].assign(alpha=lambda rows: rows["alpha"].round(10))
    return rows.pivot(index="seed", columns="alpha", values=column)


def at(values: pd.DataFrame, alpha: float) -> pd.Series:
    """The values at one alpha. Raises Missing where the grid does not contain it."""
    if alpha not in values:
        raise Missing(f"no alpha of {alpha}")
    return values[alpha]


def line_drop(
    tables: Tables, experiment: str, split: str, column: str, start: float, stop: float
) -> Evidence:
    """Loss at alpha = start minus that at alpha = stop, in nats."""
    values = line(tables, experiment, split, column)
    return difference(at(values, start) - at(values, stop))


def barrier(tables: Tables, experiment: str, split: str) -> Evidence:
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
    return difference(np.minimum(rise, middle - np.minimum(start, end)))


def line_slope(tables: Tables, experiment: str, split: str, start: float, stop: float) -> Evidence:
    """Least-squares slope of the loss between two alphas, in nats per alpha."""
    values = line(tables, experiment, split, "loss").loc[:, start:stop]
    if values.shape[1] < 2:
        raise Missing(f"no two alphas from {start} to {stop}")
    slopes = np.polyfit(values.columns.to_numpy(), values.to_numpy().T, 1)[0]
    return difference(pd.Series(slopes, index=values.index))


def midpoint_gain(tables: Tables, experiment: str, split: str) -> Evidence:
    """Accuracy at alpha = 0.5 minus that of the better end, in percentage points."""
    values = line(tables, experiment, split, "accuracy")
    ends = np.maximum(at(values, 0.0), at(values, 1.0))
    return difference(100 * (at(values, 0.5) - ends))


def by_size(tables: Tables, experiment: str, split: str, column: str) -> pd.DataFrame:
    """Final metrics: a row per seed that has every size, a column per size, smallest first."""
    metrics = named(tables, f"{experiment}_metrics")
    variants = metrics["variant"].unique()
    rows = pd.concat([final(tables, experiment, split, variant) for variant in variants])
    key = ["parameters", "variant"]  # two variants may be of one size
    sizes = rows.reset_index().pivot(index="seed", columns=key, values=column)
    sizes = sizes.sort_index(axis=1).dropna()
    if sizes.empty or sizes.shape[1] < 2:
        raise Missing("no seed has several sizes")
    return sizes


def size_correlation(tables: Tables, experiment: str) -> Evidence:
    """Spearman's correlation of parameters and final training loss, one per seed, averaged."""
    losses = by_size(tables, experiment, "train", "loss")
    sizes = losses.columns.get_level_values("parameters").to_numpy()
    return location(losses.apply(lambda row: spearman(sizes, row.to_numpy()), axis=1), np.mean)


def at_best_size(values: pd.DataFrame) -> pd.Series:
    """The values of the size with the highest mean, which for each seed is chosen on the others.

    So chance does not make the best look better than it is. Raises Missing where there is no
    other seed.
    """
    if len(values) < 2:
        raise Missing("no other seed to choose the best size on")
    best = {seed: values.drop(index=seed).mean().idxmax() for seed in values.index}
    return pd.Series({seed: values.at[seed, size] for seed, size in best.items()})


def largest_to_best(tables: Tables, experiment: str) -> Evidence:
    """Final test loss of the largest model over that of the best size."""
    # The best loss is the lowest.
    logarithms = -np.log(by_size(tables, experiment, "test", "loss"))
    return ratio(at_best_size(logarithms) - logarithms.iloc[:, -1])


def best_to_smallest(tables: Tables, experiment: str) -> Evidence:
    """Final test accuracy of the best size minus that of the smallest, in percentage points."""
    accuracy = 100 * by_size(tables, experiment, "test", "accuracy")
    return difference(at_best_size(accuracy) - accuracy.iloc[:, 0])


def largest_to_best_smaller(tables: Tables, experiment: str) -> Evidence:
    """Final test accuracy of the largest model minus that of the best smaller size, in points.

    Smaller, since the largest would never be better than a best size that may be itself.
    """
    accuracy = 100 * by_size(tables, experiment, "test", "accuracy")
    return location(accuracy.iloc[:, -1] - at_best_size(accuracy.iloc[:, :-1]), np.median)


def per_epoch(tables: Tables, experiment: str, column: str) -> pd.DataFrame:
    """A column of the history: a row per seed, a column per epoch."""
    history = named(tables, f"{experiment}_history")
    only_variant(history)
    return history.pivot(index="seed", columns="epoch", values=column)


def loss_fall(tables: Tables, experiment: str) -> Evidence:
    """Training loss after the first epoch minus that after the last, frozen weights, in nats."""
    losses = per_epoch(tables, experiment, "train_loss")
    return difference(losses.iloc[:, 0] - losses.iloc[:, -1])


def memorised(tables: Tables, experiment: str, accuracy_gain: float, loss_gain: float) -> Evidence:
    """Share of runs that end more accurate, or with a lower loss, than the best constant."""
    metrics = final(tables, experiment, "train")
    accuracy = metrics["accuracy"] - metrics["constant_accuracy"]
    loss = metrics["constant_loss"] - metrics["loss"]
    return share((accuracy >= accuracy_gain) | (loss >= loss_gain))


def loss_trend(tables: Tables, experiment: str) -> Evidence:
    """Spearman's correlation of test loss and epoch, one per seed; the median."""
    losses = per_epoch(tables, experiment, "test_loss")
    epochs = losses.columns.to_numpy()
    return location(losses.apply(lambda row: spearman(epochs, row.to_numpy()), axis=1), np.median)


def final_accuracy(tables: Tables, experiment: str, split: str) -> Evidence:
    """Final accuracy in percent, the median over seeds."""
    return location(100 * final(tables, experiment, split)["accuracy"], np.median)


STATISTICS: dict[str, Callable[..., Evidence]] = {
    function.__name__: function
    for function in (
        parameter_count,
        converged,
        convergence_ratio,
        misses_oscillation,
        plateaus,
        final_ratio,
        accurate,
        accuracy_difference,
        contraction,
        best_accuracy,
        phase_ratio,
        line_drop,
        barrier,
        line_slope,
        midpoint_gain,
        size_correlation,
        largest_to_best,
        best_to_smallest,
        largest_to_best_smaller,
        loss_fall,
        memorised,
        loss_trend,
        final_accuracy,
    )
}
