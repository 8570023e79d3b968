"""Statistics of the course of a training: its history."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd

from hw1.claims.keys import Experiment, Recorded, Variant, Variants
from hw1.claims.reading import Missing, Tables, TooFew, each, final, paired, rows, together
from hw1.claims.sample import Sample, effect, ratio, share
from hw1.inference import spearman

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

    Of the seeds at which both get there: how fast a run is that arrives. How many do is another
    question, see `arrives`.
    """
    arms = [epochs_to(tables, experiment, name, below).dropna() for name in (variant, baseline)]
    if not set(arms[0].index) & set(arms[1].index):
        raise TooFew("there is no seed at which both get there")
    return ratio(*arms)


def plateaus(
    tables: Tables,
    experiment: Annotated[Experiment, "a row per epoch"],
    flat: Variant,
    improving: Variants,
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
    ends = history.groupby("seed")["epoch"].transform("max")
    start = history[history["epoch"] >= since * ends].groupby("seed")["batch_loss"].first()
    end = final(tables, experiment, "train", flat)["loss"]
    start, end = paired(start, end)
    low = [final(tables, experiment, "train", name)["loss"] < loss_below for name in improving]
    return share(together([(end > loss_above) & (end > (1 - gain) * start), *low]).all(axis=1))


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
FIRST_ITERATIONS = 50


def phases(tables: Tables, experiment: Experiment, column: str) -> pd.DataFrame:
    """A column of each run's iterations: a row per seed, a column per iteration, in order."""
    history = rows(tables, f"{experiment}_history", ("seed", "iteration"), [column])
    if "iteration" not in history:
        raise Missing(f"{experiment}_history has no column iteration")
    return history.pivot(index="seed", columns="iteration", values=column)


def during(values: pd.DataFrame, phase: Phase) -> pd.DataFrame:
    """The `first` 50 iterations, the `middle` third or the `last` tenth of them."""
    n = values.shape[1]
    parts = {
        "first": slice(0, FIRST_ITERATIONS),
        "middle": slice(n // 3, max(2 * n // 3, n // 3 + 1)),
        "last": slice(n - max(n // 10, 1), n),
    }
    return values.iloc[:, parts[phase]]


def phase_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
    phase: Phase,
) -> Sample:
    """Mean of a column over the first 50 iterations, or the last tenth, over the middle third."""
    values = phases(tables, experiment, column)
    return ratio(*(each(during(values, name), np.mean) for name in (phase, "middle")))


def fluctuation_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
) -> Sample:
    """Coefficient of variation of a column in the middle third, over that in the last tenth."""
    values = phases(tables, experiment, column)
    parts = [during(values, name) for name in ("middle", "last")]
    return ratio(*(each(part, lambda run: np.std(run, ddof=1) / np.mean(run)) for part in parts))


def phase_trend(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "a row per iteration"],
    column: Recorded,
    phase: Phase,
) -> Sample:
    """How much a column changes over a phase, by the least-squares line through its iterations."""
    values = during(phases(tables, experiment, column), phase)
    if values.shape[1] < 2:
        raise Missing(f"{experiment}_history: the {phase} phase has one iteration")
    times = np.linspace(0, 1, values.shape[1])
    return effect(each(values, lambda run: np.polyfit(times, run, 1)[0]))


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


def fluctuates(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "history.test_loss", "a row per epoch"],
    turns: int,
    moves: float,
    correlation: float,
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

    return share(each(losses, property_of))
