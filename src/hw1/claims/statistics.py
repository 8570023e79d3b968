"""What claims are decided by: statistics of the tables, a value for each seed.

Each function named in `STATISTICS` takes the tables by name (data frames with the columns that the
README documents) and what a part of a claim has under `of` (workflow/claims.yaml), and pairs its
arms by seed. All raise Missing where the tables lack what they need or cannot be right.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from hw1.claims.reading import Missing, Tables, TooFew, final, paired, rows, together
from hw1.inference import pseudo_values, spearman


class Sample(NamedTuple):
    """A number for each seed (n,), of which a claim is about the median; or, if it is a `share`, a
    yes (1) or no (0), and the claim is about how many say yes.

    `null` is the number that means no effect, 1 of a ratio and 0 of a difference; None of what is
    no effect. A `count` is the same for all seeds, and exact.
    """

    values: np.ndarray
    share: bool = False
    null: float | None = None
    count: bool = False

    @property
    def ratio(self) -> bool:
        return self.null == 1


def share(seeds: pd.Series) -> Sample:
    """Whether each seed has a property."""
    return Sample(seeds.to_numpy(float), share=True)


def median(seeds: pd.Series) -> Sample:
    """A value of each seed, which by itself is no effect."""
    return Sample(seeds.to_numpy(float))


def effect(seeds: pd.Series) -> Sample:
    """A difference, a slope or a correlation of each seed: 0 is no effect."""
    return Sample(seeds.to_numpy(float), null=0)


def ratio(first: pd.Series, second: pd.Series) -> Sample:
    """What two positive values of each seed are to each other.

    Raises Missing where the second is 0; where the first is, the ratio is the smallest there is.
    """
    first, second = paired(first, second)
    if (second == 0).any():
        raise Missing(f"seed {second.index[second == 0][0]}: a ratio to 0")
    return Sample((first / second).to_numpy(float), null=1)


# --- the metrics after the last epoch


def parameter_count(tables: Tables, experiment: str, variant: str) -> Sample:
    """Trainable parameters of a model: a count, which needs no seeds."""
    name, key = f"{experiment}_metrics", ("seed", "epoch")
    metrics = rows(tables, name, key, ["parameters"], variant, {"split": "train"}, complete=False)
    if metrics["parameters"].nunique() > 1:
        raise Missing(f"{name}: {variant} has several numbers of parameters")
    return Sample(metrics["parameters"].to_numpy(float)[:1], count=True)


def normalised(tables: Tables, experiment: str, variant: str) -> pd.Series:
    """Final training loss as a share of the best constant's, by seed."""
    found = final(tables, experiment, "train", variant, ["loss", "constant_loss"])
    if (found["constant_loss"] == 0).any():
        raise Missing(f"{experiment}_metrics: {variant}: constant_loss is 0, a ratio to 0")
    return found["loss"] / found["constant_loss"]


def converged(tables: Tables, experiment: str, variant: str, below: float) -> Sample:
    """Share of runs that end with a training loss below a share of the best constant's."""
    return share(normalised(tables, experiment, variant) < below)


def final_ratio(
    tables: Tables,
    experiment: str,
    variant: str,
    baseline: str,
    split: str,
    converged_below: float | None = None,
) -> Sample:
    """Final loss of a variant over the baseline's; if `converged_below` is given, of the seeds at
    which both ended below that share of the best constant's training loss."""
    names = (variant, baseline)
    first, second = (final(tables, experiment, split, name)["loss"] for name in names)
    if converged_below is not None:
        ended = [normalised(tables, experiment, name) < converged_below for name in names]
        both = together(ended).all(axis=1)
        if not both.any():
            raise TooFew("there is no seed at which both get there")
        first = first[first.index.isin(both.index[both])]
    return ratio(first, second)


def accurate(tables: Tables, experiment: str, variant: str, split: str, at_least: float) -> Sample:
    """Share of runs with at least a final accuracy, from 0 to 1."""
    found = final(tables, experiment, split, variant, ["accuracy"])
    return share(found["accuracy"] >= at_least)


def accuracy_within(tables: Tables, experiment: str, split: str, low: float, high: float) -> Sample:
    """Share of runs whose final accuracy lies between two, in percent."""
    accuracy = 100 * final(tables, experiment, split, columns=["accuracy"])["accuracy"]
    return share((accuracy >= low) & (accuracy <= high))


def final_accuracy(
    tables: Tables, experiment: str, split: str, variant: str | None = None
) -> Sample:
    """Final accuracy in percent."""
    return median(100 * final(tables, experiment, split, variant, ["accuracy"])["accuracy"])


def accuracy_difference(
    tables: Tables, experiment: str, variant: str, baseline: str, split: str
) -> Sample:
    """Final accuracy of a variant minus the baseline's, in percentage points."""
    arms = (
        final(tables, experiment, split, name, ["accuracy"])["accuracy"]
        for name in (variant, baseline)
    )
    first, second = paired(*arms)
    # Shares of 10 000 examples and the like: without the last digits of a difference of floats.
    return effect((100 * (first - second)).round(9))


def best_accuracy(tables: Tables, experiment: str) -> Sample:
    """What a run's accuracy is at its best recorded epoch, on the split where it is highest, in
    percent."""
    name = f"{experiment}_metrics"
    splits = tables[name]["split"].unique() if "split" in tables.get(name, ()) else ["train"]
    found = [
        rows(tables, name, ("seed", "epoch"), ["accuracy"], where={"split": split})
        for split in splits
    ]
    best = together([metrics.groupby("seed")["accuracy"].max() for metrics in found])
    return median(100 * best.max(axis=1))


def memorised(tables: Tables, experiment: str, accuracy_gain: float, loss_gain: float) -> Sample:
    """Share of runs that end more accurate, or with a lower loss, than the best constant."""
    columns = ["loss", "accuracy", "constant_loss", "constant_accuracy"]
    metrics = final(tables, experiment, "train", columns=columns)
    accuracy = metrics["accuracy"] - metrics["constant_accuracy"]
    loss = metrics["constant_loss"] - metrics["loss"]
    return share((accuracy >= accuracy_gain) | (loss >= loss_gain))


# --- the course of a training


RUNNING_MEDIAN_ROWS = 11


def epochs_to(tables: Tables, experiment: str, variant: str, below: float) -> pd.Series:
    """First epoch at which the running median of the training loss, over 11 recorded epochs, is
    below a share of the best constant's; NaN for a run that never gets there."""
    history = rows(
        tables, f"{experiment}_history", ("seed", "epoch"), ["batch_loss"], variant, complete=False
    )
    constants = final(tables, experiment, "train", variant, ["loss", "constant_loss"])
    bound = below * constants["constant_loss"]

    def first(run: pd.DataFrame) -> float:
        running = run["batch_loss"].rolling(RUNNING_MEDIAN_ROWS, min_periods=1).median()
        return run["epoch"][running < bound[run.name]].min()

    both = history[history["seed"].isin(bound.index)]
    return both.groupby("seed").apply(first, include_groups=False).astype(float)


def arrives(tables: Tables, experiment: str, variant: str, below: float) -> Sample:
    """Share of runs whose training loss ever gets below a share of the best constant's."""
    return share(epochs_to(tables, experiment, variant, below).notna())


def convergence_ratio(
    tables: Tables, experiment: str, variant: str, baseline: str, below: float
) -> Sample:
    """Epochs that a variant needs to get below a share of the variance, over the baseline's.

    Of the seeds at which both get there: how fast a run is that arrives. How many do is another
    question, see `arrives`.
    """
    arms = [epochs_to(tables, experiment, name, below).dropna() for name in (variant, baseline)]
    if not set(arms[0].index) & set(arms[1].index):
        raise TooFew("there is no seed at which both get there")
    return ratio(*arms)


def plateaus(
    tables: Tables,
    experiment: str,
    flat: str,
    improving: list[str],
    loss_above: float,
    since: float,
    gain: float,
    loss_below: float,
) -> Sample:
    """Share of seeds where one variant stays on a plateau while the others end below a loss.

    A plateau ends above `loss_above` and is less than a share `gain` lower than it was when the
    share `since` of the epochs had passed.
    """
    history = rows(tables, f"{experiment}_history", ("seed", "epoch"), ["batch_loss"], flat)
    start = history[history["epoch"] >= since * history["epoch"].max()]
    start = start.groupby("seed")["batch_loss"].first()
    end = final(tables, experiment, "train", flat)["loss"]
    start, end = paired(start, end)
    low = [final(tables, experiment, "train", name)["loss"] < loss_below for name in improving]
    return share(together([(end > loss_above) & (end > (1 - gain) * start), *low]).all(axis=1))


def falls_steadily(tables: Tables, experiment: str, variant: str, at_least: float) -> Sample:
    """Share of runs whose training loss falls in at least a share of the steps from one recorded
    epoch to the next."""
    losses = per_epoch(tables, experiment, "batch_loss", variant)
    if losses.shape[1] < 2:
        raise Missing(f"{experiment}_history has one epoch")
    falls = (losses.diff(axis=1).iloc[:, 1:] < 0).mean(axis=1)
    return share(falls >= at_least - 1e-9)


FIRST_ITERATIONS = 50


def phases(tables: Tables, experiment: str, column: str) -> pd.DataFrame:
    """A column of each run's iterations: a row per seed, a column per iteration, in order."""
    history = rows(tables, f"{experiment}_history", ("seed", "iteration"), [column])
    if "iteration" not in history:
        raise Missing(f"{experiment}_history has no column iteration")
    return history.pivot(index="seed", columns="iteration", values=column)


def during(values: pd.DataFrame, phase: str) -> pd.DataFrame:
    """The `first` 50 iterations, the `middle` third or the `last` tenth of them."""
    n = values.shape[1]
    parts = {
        "first": slice(0, FIRST_ITERATIONS),
        "middle": slice(n // 3, max(2 * n // 3, n // 3 + 1)),
        "last": slice(n - max(n // 10, 1), n),
    }
    return values.iloc[:, parts[phase]]


def phase_ratio(tables: Tables, experiment: str, column: str, phase: str) -> Sample:
    """Mean of a column over the first 50 iterations, or the last tenth, over the middle third."""
    values = phases(tables, experiment, column)
    return ratio(during(values, phase).mean(axis=1), during(values, "middle").mean(axis=1))


def fluctuation_ratio(tables: Tables, experiment: str, column: str) -> Sample:
    """Coefficient of variation of a column in the middle third, over that in the last tenth."""
    values = phases(tables, experiment, column)
    parts = [during(values, name) for name in ("middle", "last")]
    return ratio(*(part.std(axis=1, ddof=1) / part.mean(axis=1) for part in parts))


def phase_trend(tables: Tables, experiment: str, column: str, phase: str) -> Sample:
    """How much a column changes over a phase, by the least-squares line through its iterations."""
    values = during(phases(tables, experiment, column), phase)
    if values.shape[1] < 2:
        raise Missing(f"{experiment}_history: the {phase} phase has one iteration")
    times = np.linspace(0, 1, values.shape[1])
    slopes = np.polyfit(times, values.to_numpy().T, 1)[0]
    return effect(pd.Series(slopes, index=values.index))


def per_epoch(
    tables: Tables, experiment: str, column: str, variant: str | None = None
) -> pd.DataFrame:
    """A column of the history: a row per seed, a column per epoch."""
    history = rows(tables, f"{experiment}_history", ("seed", "epoch"), [column], variant)
    return history.pivot(index="seed", columns="epoch", values=column)


def loss_fall(tables: Tables, experiment: str) -> Sample:
    """Training loss after the first epoch minus that after the last, frozen weights, in nats."""
    losses = per_epoch(tables, experiment, "train_loss")
    return effect(losses.iloc[:, 0] - losses.iloc[:, -1])


def fluctuates(
    tables: Tables, experiment: str, turns: int, moves: float, correlation: float
) -> Sample:
    """Share of runs whose test loss goes up and down from epoch to epoch, without a steady trend.

    It changes its direction at least so many times, moves smaller than `moves` nats left out, and
    Spearman's correlation with the epoch is no further from 0 than `correlation`.
    """
    losses = per_epoch(tables, experiment, "test_loss")
    epochs = losses.columns.to_numpy()

    def property_of(run: np.ndarray) -> bool:
        steps = np.diff(run)
        steps = np.sign(steps[np.abs(steps) > moves])
        changes = int((steps[1:] != steps[:-1]).sum())
        return changes >= turns and abs(spearman(epochs, run)) <= correlation

    return share(losses.apply(lambda run: property_of(run.to_numpy()), axis=1))


# --- distances between runs


def contraction(tables: Tables, table: str) -> Sample:
    """L2 distance between two runs' weights at the last snapshot over that at the first.

    Pairs that share a run are not independent. So each run has one value, the jackknife's
    pseudo-value of the mean logarithm over pairs, which is what it contributes.
    """
    key = ("epoch", "seed", "other_seed")
    found = rows(tables, table, key, ["distance"])
    if found["epoch"].min() != 0 or found["epoch"].max() == 0:
        raise Missing(f"{table}: no snapshots of epoch 0 and of a later one")
    seeds = sorted({*found["seed"], *found["other_seed"]})
    if len(seeds) < 3:
        raise TooFew(f"found {len(seeds)} runs, expected three or more")

    def matrix(epoch: int) -> np.ndarray:
        at = found[found["epoch"] == epoch]
        both = pd.concat([at, at.rename(columns={"seed": "other_seed", "other_seed": "seed"})])
        square = both.pivot_table(index="seed", columns="other_seed", values="distance")
        square = square.reindex(index=seeds, columns=seeds).to_numpy(copy=True)
        if len(at) != len(seeds) * (len(seeds) - 1) // 2 or np.isnan(square).sum() != len(seeds):
            raise Missing(f"{table}: epoch {epoch} has not each pair of runs once")
        np.fill_diagonal(square, 1)
        if (square == 0).any():
            raise Missing(f"{table}: epoch {epoch}: two runs have a distance of 0, a ratio to 0")
        return square

    change = np.log(matrix(found["epoch"].max()) / matrix(0))
    return Sample(np.exp(pseudo_values(change)), null=1)


# --- predictions


def misses_oscillation(
    tables: Tables,
    table: str,
    missing: str,
    following: list[str],
    beyond: float,
    error: float,
) -> Sample:
    """Share of seeds where one variant misses the function at |x| > `beyond`, and others do not.

    To miss is a mean squared error there of more than `error` times the function's variance there.
    """

    def relative(variant: str) -> pd.Series:
        found = rows(tables, table, ("seed", "x"), ["target", "prediction"], variant)
        lobes = found[found["x"].abs() > beyond]
        variance = lobes.groupby("seed")["target"].var(ddof=0)
        if lobes.empty or (variance == 0).any():
            raise Missing(f"{table}: the function does not vary at |x| > {beyond}")
        squares = (lobes["prediction"] - lobes["target"]) ** 2
        return squares.groupby(lobes["seed"]).mean() / variance

    follow = [relative(variant) < error for variant in following]
    return share(together([relative(missing) > error, *follow]).all(axis=1))


# --- the line between two trainings


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


# --- the number of parameters


def by_size(tables: Tables, experiment: str, split: str, column: str) -> pd.DataFrame:
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


def size_correlation(tables: Tables, experiment: str, split: str, column: str) -> Sample:
    """Spearman's correlation of parameters and final loss or accuracy, over the sizes."""
    values = by_size(tables, experiment, split, column)
    sizes = values.columns.get_level_values("parameters").to_numpy()
    return effect(values.apply(lambda row: spearman(sizes, row.to_numpy()), axis=1))


def largest_accuracy(tables: Tables, experiment: str, split: str, models: int) -> Sample:
    """Final accuracy of the least accurate of the largest so many models, in percent."""
    values = by_size(tables, experiment, split, "accuracy")
    return median(100 * values.iloc[:, -models:].min(axis=1))


def best_size(values: pd.DataFrame) -> pd.Series:
    """The values of the size with the highest mean, which is chosen on the other half of the seeds.

    The halves are every second seed. So chance does not make the best look better than it is, and
    a seed's value says nothing about the choice that it is measured by. Raises Missing where there
    is no other half.
    """
    if len(values) < 2:
        raise TooFew("no other seed to choose the best size on")
    halves = values.iloc[::2], values.iloc[1::2]
    chosen = [other.mean().idxmax() for other in reversed(halves)]
    return pd.concat([half[size] for half, size in zip(halves, chosen)]).sort_index()


def size_leg(
    tables: Tables,
    experiment: str,
    split: str,
    column: str,
    leg: str,
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
    larger, smaller = (best, values.iloc[:, 0]) if leg == "first" else (values.iloc[:, -1], best)
    if column == "loss":
        return ratio(larger, smaller)
    return effect((100 * (larger - smaller)).round(9))


STATISTICS: dict[str, Callable[..., Sample]] = {
    function.__name__: function
    for function in (
        parameter_count,
        converged,
        final_ratio,
        accurate,
        accuracy_within,
        final_accuracy,
        accuracy_difference,
        best_accuracy,
        memorised,
        arrives,
        convergence_ratio,
        plateaus,
        falls_steadily,
        phase_ratio,
        fluctuation_ratio,
        phase_trend,
        loss_fall,
        fluctuates,
        contraction,
        misses_oscillation,
        line_drop,
        line_minimum,
        barrier,
        line_slope,
        midpoint_gain,
        size_correlation,
        largest_accuracy,
        size_leg,
    )
}
