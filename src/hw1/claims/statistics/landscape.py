"""Statistics of the loss around trained networks: sharpness, critical points, surfaces."""

from typing import Annotated, Literal

import numpy as np
import pandas as pd

from hw1.claims.inference import spearman
from hw1.claims.keys import Column, Experiment, Split, Table, Variant, Variants
from hw1.claims.reading import Missing, Tables, TooFew, each, final, paired, rows, together
from hw1.claims.sample import Sample, effect, median, ratio, share
from hw1.claims.statistics.size import correlation_with_place


def measured(tables: Tables, table: Table, variant: Variant, column: Column) -> pd.Series:
    """A column of a table with a row per variant and seed, by seed."""
    return rows(tables, table, ("seed",), [column], variant).set_index("seed")[column]


def table_correlation(tables: Tables, table: Table, variants: Variants, column: Column) -> Sample:
    """Spearman's correlation between the place in a list of variants and a column of a table."""
    columns = [measured(tables, table, name, column) for name in variants]
    return effect(correlation_with_place(columns))


def growth(
    tables: Tables,
    table: Table,
    variants: Variants,
    column: Column,
    baseline: Variants | None = None,
) -> Sample:
    """The ratio of a column of the second of two variants to that of the first. With a baseline, it
    is divided by the same ratio of two others."""
    names = [*variants, *(baseline or [])]
    values = together([measured(tables, table, name, column) for name in names])
    if (values <= 0).any(axis=None):
        raise Missing(f"{table}: {column} is not above 0 everywhere, so it has no growth")
    first, last, *others = (values.iloc[:, place] for place in range(len(names)))
    return ratio(last / first, others[1] / others[0]) if others else ratio(last, first)


def gap_left(
    tables: Tables,
    experiment: Annotated[Experiment, "labels"],
    variants: Variants,
    baseline: Variants,
    split: Split,
) -> Sample:
    """How much more accurate the first of two variants is than the second, as a share of the same
    gap between two others. Raises Missing if these have no such gap."""
    first, second, start, stop = together(
        [
            final(tables, experiment, split, name, ["accuracy"])["accuracy"]
            for name in (*variants, *baseline)
        ]
    ).T.to_numpy()
    if not (start > stop).all():
        raise Missing(f"{experiment}_metrics: {baseline[0]} is not more accurate everywhere")
    return median(pd.Series((first - second) / (start - stop)).round(9))


def sensitivity_and_gap(
    tables: Tables, experiment: Annotated[Experiment, "sensitivity", "labels"], variants: Variants
) -> Sample:
    """Spearman's correlation, over some networks, between the sensitivity of their probabilities
    and their training accuracy minus test accuracy (Novak, Bahri, Abolafia, Pennington and
    Sohl-Dickstein 2018)."""
    columns = {
        split: together(
            [final(tables, experiment, split, name, ["accuracy"])["accuracy"] for name in variants]
        )
        for split in ("train", "test")
    }
    gaps = (columns["train"] - columns["test"]).dropna()
    gaps.columns = [("gap", name) for name in variants]
    table = f"{experiment}_sensitivity"
    found = together([measured(tables, table, name, "probabilities") for name in variants])
    both = together([found, gaps])
    places = len(variants)
    return effect(each(both, lambda row: spearman(row[:places], row[places:])))


def arrived(
    tables: Tables, experiment: Experiment, variant: Variant, gradient_norm: float
) -> pd.DataFrame:
    """The loss, by seed, of the runs whose gradient is no larger than `gradient_norm`."""
    name = f"{experiment}_critical_points"
    found = rows(tables, name, ("seed",), ["loss", "gradient_norm"], variant).set_index("seed")
    found = found.loc[found["gradient_norm"] <= gradient_norm, ["loss"]]
    if found.empty:
        raise TooFew(f"{name}: {variant} has no gradient up to {gradient_norm:g}")
    return found


def share_of_eigenvalues(
    tables: Tables,
    experiment: Experiment,
    variant: Variant,
    threshold: float,
    column: Literal["minimal_ratio", "negative_share"] = "minimal_ratio",
) -> pd.Series:
    """The minimal ratio, or the share of negative eigenvalues, by seed, for one threshold."""
    name, where = f"{experiment}_critical_points_ratios", {"threshold": threshold}
    return rows(tables, name, ("seed",), [column], variant, where).set_index("seed")[column]


def concordance(
    tables: Tables,
    experiment: Annotated[Experiment, "critical_points", "critical_points_ratios"],
    variant: Variant,
    gradient_norm: float,
    threshold: float,
    column: Literal["minimal_ratio", "negative_share"] = "minimal_ratio",
) -> Sample:
    """Whether the run of a pair with the higher loss has the smaller minimal ratio, or the larger
    share of negative eigenvalues.

    The runs with a gradient as small as said are paired in the order of their seeds, so that no run
    is in two pairs. Pairs with the same loss or share do not count.
    """
    both = arrived(tables, experiment, variant, gradient_norm)
    both["share"] = share_of_eigenvalues(tables, experiment, variant, threshold, column)
    both = both.dropna()
    even = len(both) // 2 * 2
    # The same point, found twice, is no pair: its losses agree except for rounding.
    losses, found = both["loss"].to_numpy()[:even], both["share"].to_numpy()[:even]
    higher = losses[::2] - losses[1::2]
    higher[np.abs(higher) <= 1e-9 * np.maximum(losses[::2], losses[1::2])] = 0
    both_ways = np.sign(higher) * np.sign(found[::2] - found[1::2])
    if not both_ways.any():
        raise TooFew(f"{variant}: no two runs with a gradient up to {gradient_norm:g} differ")
    expected = -1 if column == "minimal_ratio" else 1
    return share(pd.Series(both_ways[both_ways != 0] == expected))._replace(of_pairs=True)


def threshold_effect(
    tables: Tables,
    experiment: Annotated[Experiment, "critical_points", "critical_points_ratios"],
    variant: Variant,
    gradient_norm: float,
    low: float,
    high: float,
) -> Sample:
    """How much the minimal ratio falls from one threshold to a higher one, in runs with a gradient
    as small as said."""
    seeds = arrived(tables, experiment, variant, gradient_norm).index
    first, second = (share_of_eigenvalues(tables, experiment, variant, at) for at in (low, high))
    first, second = paired(first[first.index.isin(seeds)], second)
    return effect(first - second)


def around(tables: Tables, experiment: Experiment, variant: Variant) -> pd.DataFrame:
    """The loss in the plane around a network, sorted by seed, x and y."""
    return rows(tables, f"{experiment}_surface", ("seed", "x", "y"), ["loss"], variant)


def rise(tables: Tables, experiment: Experiment, variant: Variant, within: float) -> pd.Series:
    """How far the mean loss within a distance lies above the loss of the network itself."""
    found = around(tables, experiment, variant)
    distance = np.hypot(found["x"], found["y"])
    if not (distance == 0).any():
        raise Missing(f"{experiment}_surface: {variant} has no point at 0, 0")
    middle = found[distance == 0].set_index("seed")["loss"]
    near = found[(distance > 0) & (distance <= within + 1e-9)]
    if near.empty:
        raise Missing(f"{experiment}_surface: {variant} has no point within {within:g}")
    return near.groupby("seed")["loss"].mean() - middle


def surface_rise_ratio(
    tables: Tables,
    experiment: Annotated[Experiment, "surface"],
    variant: Variant,
    baseline: Variant,
    within: float,
) -> Sample:
    """How many times as much the loss rises around one network as around another."""
    first, second = (rise(tables, experiment, name, within) for name in (variant, baseline))
    first, second = paired(first, second)
    if (first <= 0).any() or (second <= 0).any():
        raise Missing(f"{experiment}_surface: around a network the loss falls")
    return ratio(first, second)


def roughness(tables: Tables, experiment: Experiment, variant: Variant) -> pd.Series:
    """How much the loss falls on the way outwards, in nats: the sum of all falls, averaged over the
    four ways from the network along the axes. In a bowl it is 0."""
    found = around(tables, experiment, variant)
    falls = []
    for across, along in (("x", "y"), ("y", "x")):
        axis = found[found[across] == 0].pivot(index="seed", columns=along, values="loss")
        if axis.shape[1] < 3:
            raise Missing(f"{experiment}_surface: {variant} has no axis through 0, 0")
        for way in (axis.loc[:, 0:], axis.loc[:, :0].iloc[:, ::-1]):
            falls.append(each(way, lambda losses: -np.minimum(np.diff(losses), 0).sum()))
    return sum(falls) / len(falls)


def surface_roughness(
    tables: Tables,
    experiment: Annotated[Experiment, "surface"],
    variant: Variant,
    baseline: Variant,
) -> Sample:
    """How much more the loss falls on the way outwards from one network than from another."""
    first, second = (roughness(tables, experiment, name) for name in (variant, baseline))
    first, second = paired(first, second)
    return effect((first - second).round(9))


def plane_variance(tables: Tables, experiment: Annotated[Experiment, "descent_variance"]) -> Sample:
    """Share of the variance of a run's snapshots that lies in its two principal components."""
    found = rows(
        tables,
        f"{experiment}_descent_variance",
        ("seed", "component"),
        ["explained_variance_ratio"],
    )
    return median(found.groupby("seed")["explained_variance_ratio"].sum())
