"""Statistics of runs that end stuck, and of layers without a living unit."""

from typing import Annotated

import pandas as pd

from hw1.claims.keys import Experiment, Variant, Variants
from hw1.claims.reading import Missing, Tables, TooFew, paired, rows, together
from hw1.claims.sample import Sample, share
from hw1.claims.statistics.final import normalised


def dead_layer(tables: Tables, experiment: Experiment, variant: Variant, last: bool) -> pd.Series:
    """Whether each run has a layer without a living unit, before training or at its end."""
    name, key = f"{experiment}_dead_units", ("seed", "epoch", "layer")
    found = rows(tables, name, key, ["units", "dead_units"], variant)
    if (found["dead_units"] > found["units"]).any():
        raise Missing(f"{name}: {variant} has layers with more dead units than units")
    epoch = found["epoch"].max() if last else 0
    found = found[found["epoch"] == epoch]
    if found.empty:
        raise Missing(f"{name}: {variant} has no rows of epoch {epoch}")
    return (found["units"] == found["dead_units"]).groupby(found["seed"]).any()


def one_alone(first: pd.Series, second: pd.Series, what: str) -> pd.Series:
    """Whether it is the first that has a property, for the seeds at which exactly one of both has
    it. Only these seeds count (McNemar 1947)."""
    first, second = paired(first, second)
    one = first != second
    if not one.any():
        raise TooFew(f"there is no seed at which exactly one of both {what}")
    return first[one]


def stuck(tables: Tables, experiment: Experiment, variant: Variant, above: float) -> Sample:
    """Share of runs that end with a training loss above a share of the best constant's."""
    return share(normalised(tables, experiment, variant) > above)


def none_stuck(tables: Tables, experiment: Experiment, variants: Variants, above: float) -> Sample:
    """Share of seeds at which none of several variants ends above a share of the best constant's
    training loss."""
    ends = [normalised(tables, experiment, variant) <= above for variant in variants]
    return share(together(ends).all(axis=1))


def stuck_more_often(
    tables: Tables, experiment: Experiment, variant: Variant, baseline: Variant, above: float
) -> Sample:
    """How often it is the variant, if exactly one of both ends above a share of the best constant's
    training loss."""
    first, second = (normalised(tables, experiment, name) > above for name in (variant, baseline))
    return share(one_alone(first, second, "ends stuck"))


def stuck_with_dead_layer(
    tables: Tables, experiment: Annotated[Experiment, "dead_units"], variant: Variant, above: float
) -> Sample:
    """Share of networks that end with a layer without a living unit, among the runs that end above
    a share of the best constant's training loss."""
    ends = normalised(tables, experiment, variant) > above
    dead, ends = paired(dead_layer(tables, experiment, variant, last=True), ends)
    if not ends.any():
        raise TooFew("no run ends stuck")
    return share(dead[ends])


def born_dead_more_often(
    tables: Tables,
    experiment: Annotated[Experiment, "dead_units"],
    variant: Variant,
    baseline: Variant,
) -> Sample:
    """How often it is the variant, if exactly one of both begins with a layer without a living
    unit."""
    first, second = (
        dead_layer(tables, experiment, name, last=False) for name in (variant, baseline)
    )
    return share(one_alone(first, second, "is born with a dead layer"))
