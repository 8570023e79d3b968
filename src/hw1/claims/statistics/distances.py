"""Statistics of the distances between runs."""

from typing import Annotated, Literal

import pandas as pd

from hw1.claims.keys import Column, Table
from hw1.claims.reading import Missing, Tables, TooFew, check, rows
from hw1.claims.sample import Sample, effect, ratio


def contraction(
    tables: Tables,
    table: Annotated[Table, "one variant", "no stop", "epoch 0"],
    column: Column = "distance",
    since: Literal["start", "first_snapshot"] = "start",
) -> Sample:
    """Distance between two runs' weights at the last snapshot over that at the start, or at the
    first snapshot after it."""
    found = pairs(tables, table, [column])
    epochs = snapshots(found, table, 3 if since == "first_snapshot" else 2)
    first = epochs[1 if since == "first_snapshot" else 0]
    return ratio(at(found, epochs[-1], column), at(found, first, column))._replace(of_pairs=True)


def snapshots(found: pd.DataFrame, table: str, at_least: int) -> list[int]:
    """The epochs of the snapshots. Raises Missing if 0 is not among them, or there are fewer."""
    epochs = sorted(found["epoch"].unique())
    if epochs[0] != 0 or len(epochs) < at_least:
        raise Missing(f"{table}: no snapshots of epoch 0 and of {at_least - 1} or more later ones")
    return epochs


def cosine(
    tables: Tables, table: Annotated[Table, "one variant", "no stop"], column: Column
) -> Sample:
    """Cosine of the angle between the ways of two runs, at the last snapshot. Its column is empty
    at the start, where there is no way yet."""
    found = pairs(tables, table, ["distance"])
    found = found[found["epoch"] == found["epoch"].max()]
    if column not in found:
        raise Missing(f"{table} has no column {column}")
    check(found, table, ("epoch", "seed", "other_seed"), [column])
    return effect(found.set_index("seed")[column])._replace(of_pairs=True)


def distance_ratio(
    tables: Tables,
    table: Annotated[Table, "one variant", "no stop"],
    column: Column,
    baseline: Column,
) -> Sample:
    """One kind of distance between two runs over another, at the last snapshot."""
    found = pairs(tables, table, [column, baseline])
    epoch = found["epoch"].max()
    return ratio(*(at(found, epoch, name) for name in (column, baseline)))._replace(of_pairs=True)


def distance_ratio_change(
    tables: Tables,
    table: Annotated[Table, "one variant", "no stop", "epoch 0"],
    column: Column,
    baseline: Column,
) -> Sample:
    """The ratio of one kind of distance between two runs to another: its value at the last snapshot
    over its value at the start."""
    found = pairs(tables, table, [column, baseline])
    if (found[[column, baseline]] == 0).any(axis=None):
        raise Missing(f"{table}: a ratio to 0")
    first, *_, last = snapshots(found, table, 2)
    last, first = (at(found, e, column) / at(found, e, baseline) for e in (last, first))
    return ratio(last, first)._replace(of_pairs=True)


def pairs(tables: Tables, table: str, columns: list[str]) -> pd.DataFrame:
    """The rows of a table of distances for the first and second run by their seeds, the third and
    fourth, and so on. Pairs that share a run are not independent.

    Raises Missing if one of these pairs lacks an epoch.
    """
    found = rows(tables, table, ("epoch", "seed", "other_seed"), columns)
    seeds = sorted({*found["seed"], *found["other_seed"]})
    if len(seeds) < 2:
        raise TooFew("found one run, expected two or more")
    apart = list(zip(seeds[::2], seeds[1::2]))
    chosen = [{*pair} in [{*p} for p in apart] for pair in zip(found["seed"], found["other_seed"])]
    epochs, found = found["epoch"].nunique(), found[chosen]
    found = found.assign(seed=found[["seed", "other_seed"]].min(axis=1))
    if len(found) != len(apart) * epochs:
        raise Missing(f"{table}: not each of {len(apart)} pairs of runs is there after each epoch")
    return found


def at(found: pd.DataFrame, epoch: int, column: str) -> pd.Series:
    """A distance of each pair after an epoch, by the seed of its first run."""
    return found[found["epoch"] == epoch].set_index("seed")[column]
