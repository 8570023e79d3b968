"""Statistics of the metrics after the last epoch."""

from typing import Annotated

import pandas as pd

from hw1.claims.keys import Experiment, Split, Variant
from hw1.claims.reading import Missing, Tables, final, paired, rows
from hw1.claims.sample import Sample, median, percent, percentage_points, ratio, share


def parameter_count(tables: Tables, experiment: Experiment, variant: Variant) -> Sample:
    """Trainable parameters of a model: a count, which needs no seeds."""
    name, key = f"{experiment}_metrics", ("seed", "epoch")
    metrics = rows(tables, name, key, ["parameters"], variant, {"split": "train"}, complete=False)
    if metrics["parameters"].nunique() > 1:
        raise Missing(f"{name}: {variant} has several numbers of parameters")
    return Sample(metrics["parameters"].to_numpy(float)[:1], counted=True)


def normalised(tables: Tables, experiment: Experiment, variant: Variant) -> pd.Series:
    """Final training loss as a share of the best constant's, by seed."""
    found = final(tables, experiment, "train", variant, ["loss", "constant_loss"])
    if (found["constant_loss"] == 0).any():
        raise Missing(f"{experiment}_metrics: {variant}: constant_loss is 0, a ratio to 0")
    return found["loss"] / found["constant_loss"]


def converged(tables: Tables, experiment: Experiment, variant: Variant, below: float) -> Sample:
    """Share of runs that end with a training loss below a share of the best constant's."""
    return share(normalised(tables, experiment, variant) < below)


def final_ratio(
    tables: Tables, experiment: Experiment, variant: Variant, baseline: Variant, split: Split
) -> Sample:
    """Final loss of a variant over the baseline's."""
    return ratio(*(final(tables, experiment, split, name)["loss"] for name in (variant, baseline)))


def loss_at_most(
    tables: Tables, experiment: Experiment, variant: Variant, baseline: Variant, times: float
) -> Sample:
    """Share of seeds at which a variant's final training loss is at most so many times the
    baseline's."""
    first, second = paired(
        *(final(tables, experiment, "train", name)["loss"] for name in (variant, baseline))
    )
    return share(first <= times * second)


def accuracy_within(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "labels"],
    split: Split,
    low: float,
    high: float,
) -> Sample:
    """Share of runs whose final accuracy, in percent, lies between two values."""
    accuracy = percent(final(tables, experiment, split, columns=["accuracy"])["accuracy"])
    return share((accuracy >= low) & (accuracy <= high))


def final_loss(
    tables: Tables, experiment: Experiment, split: Split, variant: Variant | None = None
) -> Sample:
    """Final loss: in nats, or a mean squared error."""
    return median(final(tables, experiment, split, variant)["loss"])


def final_accuracy(
    tables: Tables,
    experiment: Annotated[Experiment, "labels"],
    split: Split,
    variant: Variant | None = None,
) -> Sample:
    """Final accuracy in percent."""
    return median(percent(final(tables, experiment, split, variant, ["accuracy"])["accuracy"]))


def accuracy_difference(
    tables: Tables,
    experiment: Annotated[Experiment, "labels"],
    variant: Variant,
    baseline: Variant,
    split: Split,
) -> Sample:
    """Final accuracy of a variant minus the baseline's, in percentage points."""
    arms = (
        final(tables, experiment, split, name, ["accuracy"])["accuracy"]
        for name in (variant, baseline)
    )
    return percentage_points(*arms)


def best_accuracy(
    tables: Tables, experiment: Annotated[Experiment, "one variant", "labels"], split: Split
) -> Sample:
    """The accuracy of a run at its best recorded epoch, in percent."""
    name = f"{experiment}_metrics"
    metrics = rows(tables, name, ("seed", "epoch"), ["accuracy"], where={"split": split})
    return median(percent(metrics.groupby("seed")["accuracy"].max()))


def memorised(
    tables: Tables,
    experiment: Annotated[Experiment, "one variant", "labels"],
    accuracy_gain: float,
    loss_gain: float,
) -> Sample:
    """Share of runs that end more accurate, or with a lower loss, than the best constant."""
    columns = ["loss", "accuracy", "constant_loss", "constant_accuracy"]
    metrics = final(tables, experiment, "train", columns=columns)
    accuracy = percent(metrics["accuracy"] - metrics["constant_accuracy"]) / 100
    loss = metrics["constant_loss"] - metrics["loss"]
    return share((accuracy >= accuracy_gain) | (loss >= loss_gain))


def final_epoch(tables: Tables, experiment: Experiment, variant: Variant) -> Sample:
    """The epoch after which training ended: the last one, or earlier if it stops at a loss."""
    return median(final(tables, experiment, "train", variant)["epoch"])
