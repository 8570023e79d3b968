"""Statistics of the course of a training: its history."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd

from hw1.claims.keys import Experiment, Recorded, Variant
from hw1.claims.reading import Missing, Tables, TooFew, each, final, paired, rows
from hw1.claims.sample import Sample, effect, percentage_points, ratio, share

RUNNING_MEDIAN_ROWS = 11


def epochs_to(tables: Tables, experiment: Experiment, variant: Variant, below: float) -> pd.Series:
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


def arrives(
    tables: Tables,
    experiment: Annotated[Experiment, "a row per epoch"],
    variant: Variant,
    below: float,
) -> Sample:
    """Share of runs whose training loss ever gets below a share of the best constant's."""
    return share(epochs_to(tables, experiment, variant, below).notna())


def convergence_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "a row per epoch"],
    variant: Variant,
    baseline: Variant,
    below: float,
) -> Sample:
    """Epochs that a variant needs to get below a share of the variance, over the baseline's.

    Only seeds at which both get there count: it says how fast they arrive. `arrives` says how many
    do.
    """
    arms = [epochs_to(tables, experiment, name, below).dropna() for name in (variant, baseline)]
    if not set(arms[0].index) & set(arms[1].index):
        raise TooFew("there is no seed at which both get there")
    return ratio(*arms)


def plateaus(
    tables: Tables,
    experiment: Annotated[Experiment, "a row per epoch"],
    variant: Variant,
    above: float,
    since: float,
    gain: float,
) -> Sample:
    """Share of runs that end on a plateau of the training loss.

    Their final loss is `above` a loss, and less than a share `gain` lower than the loss after the
    share `since` of the epochs.
    """
    history = rows(tables, f"{experiment}_history", ("seed", "epoch"), ["batch_loss"], variant)
    ends = history.groupby("seed")["epoch"].transform("max")
    start = history[history["epoch"] >= since * ends].groupby("seed")["batch_loss"].first()
    start, end = paired(start, final(tables, experiment, "train", variant)["loss"])
    return share((end > above) & (end > (1 - gain) * start))


def curve_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "every epoch"],
    variant: Variant,
    baseline: Variant,
    column: Recorded,
) -> Sample:
    """Mean of a column over the epochs: a variant's, divided by the baseline's."""
    return ratio(*(curve_mean(tables, experiment, column, name) for name in (variant, baseline)))


def curve_difference(
    tables: Tables,
    experiment: Annotated[Experiment, "every epoch", "labels"],
    variant: Variant,
    baseline: Variant,
    column: Recorded,
) -> Sample:
    """Mean of an accuracy over the epochs, a variant's minus the baseline's, in percentage
    points."""
    return percentage_points(
        *(curve_mean(tables, experiment, column, name) for name in (variant, baseline))
    )


def curve_mean(tables: Tables, experiment: Experiment, column: str, variant: Variant) -> pd.Series:
    return each(per_epoch(tables, experiment, column, variant), np.mean)


def reaches(
    tables: Tables,
    experiment: Annotated[Experiment, "every epoch", "labels"],
    variant: Variant,
    at_least: float,
) -> Sample:
    """Share of runs whose training accuracy, the mean over an epoch, is ever at least so high."""
    return share(per_epoch(tables, experiment, "batch_accuracy", variant).max(axis=1) >= at_least)


def falls_steadily(
    tables: Tables,
    experiment: Annotated[Experiment, "a row per epoch"],
    variant: Variant,
    at_least: float,
) -> Sample:
    """Share of runs whose training loss falls in at least a share of the steps from one recorded
    epoch to the next."""
    losses = per_epoch(tables, experiment, "batch_loss", variant)
    if losses.shape[1] < 2:
        raise Missing(f"{experiment}_history has one epoch")
    falls = (losses.diff(axis=1).iloc[:, 1:] < 0).mean(axis=1)
    return share(falls >= at_least - 1e-9)


Phase = Literal["first", "middle", "last"]


def phases(tables: Tables, experiment: Experiment, column: str) -> pd.DataFrame:
    """A column of each run's iterations: a row per seed, a column per iteration, in order."""
    history = rows(tables, f"{experiment}_history", ("seed", "iteration"), [column])
    if "iteration" not in history:
        raise Missing(f"{experiment}_history has no column iteration")
    return history.pivot(index="seed", columns="iteration", values=column)


def during(values: pd.DataFrame, phase: Phase | Literal["late"]) -> pd.DataFrame:
    """The `first` or the `last` tenth of the iterations, the `middle` third, or the last third,
    which is `late`."""
    n = values.shape[1]
    tenth, third = max(n // 10, 1), max(n // 3, 1)
    parts = {
        "first": slice(0, tenth),
        "middle": slice(n // 3, n // 3 + third),
        "late": slice(n - third, n),
        "last": slice(n - tenth, n),
    }
    return values.iloc[:, parts[phase]]


def phase_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
    phase: Phase,
) -> Sample:
    """Mean of a column in the first or the last tenth of the iterations, divided by its mean in the
    middle third."""
    values = phases(tables, experiment, column)
    return ratio(*(each(during(values, name), np.mean) for name in (phase, "middle")))


def varies(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
    above: float,
) -> Sample:
    """Share of runs whose column has a coefficient of variation > `above` in the middle third."""
    values = during(phases(tables, experiment, column), "middle")
    if values.shape[1] < 2 or (values.mean(axis=1) == 0).any():
        raise Missing(f"{experiment}_history: the middle third has one iteration, or a mean of 0")
    return share(each(values, lambda run: np.std(run, ddof=1) / np.mean(run)) > above)


def falls_by_windows(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
    windows: int,
    falls: int,
) -> Sample:
    """Share of runs whose column falls steadily in the middle third: cut into equal windows, its
    mean falls from one window to the next at least so many times."""
    values = during(phases(tables, experiment, column), "middle")
    if values.shape[1] < windows:
        raise Missing(f"{experiment}_history: the middle third has {values.shape[1]} iterations")

    def count(run: np.ndarray) -> int:
        means = [window.mean() for window in np.array_split(run, windows)]
        return int((np.diff(means) < 0).sum())

    return share(each(values, count) >= falls)


def levels_off(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
    times: float,
) -> Sample:
    """Share of runs whose least-squares line through a column is, in the last third, less than so
    many times as steep as in the middle third."""
    values = phases(tables, experiment, column)
    if values.shape[1] < 6:
        raise Missing(f"{experiment}_history: a third has {values.shape[1] // 3} iterations")
    middle, late = (steepness(during(values, phase)) for phase in ("middle", "late"))
    return share(late < times * middle)


def steepness(values: pd.DataFrame) -> pd.Series:
    """The size of the slope of the least-squares line through the values of each seed."""
    times = np.arange(values.shape[1])
    return each(values, lambda run: abs(np.polyfit(times, run, 1)[0]))


def per_epoch(
    tables: Tables, experiment: Experiment, column: str, variant: Variant | None = None
) -> pd.DataFrame:
    """A column of the history: a row per seed, a column per epoch."""
    history = rows(tables, f"{experiment}_history", ("seed", "epoch"), [column], variant)
    return history.pivot(index="seed", columns="epoch", values=column)


def loss_fall(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "history.train_loss", "a row per epoch"],
) -> Sample:
    """Training loss after the first epoch minus that after the last, frozen weights, in nats."""
    losses = per_epoch(tables, experiment, "train_loss")
    return effect(losses.iloc[:, 0] - losses.iloc[:, -1])


def detrended_range(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per epoch"],
    column: Recorded,
) -> Sample:
    """How much a column goes up and down over the epochs: the range of its residuals from its
    least-squares line, which is never below 0."""
    values = per_epoch(tables, experiment, column)
    epochs = values.columns.to_numpy(float)
    if len(epochs) < 3:
        raise Missing(f"{experiment}_history has fewer than three epochs")

    def left(run: np.ndarray) -> float:
        return float(np.ptp(run - np.polyval(np.polyfit(epochs, run, 1), epochs)))

    return effect(each(values, left).round(9))
