"""Statistics of the distances between runs."""

from typing import Annotated

import pandas as pd

from hw1.claims.keys import Column, Table
from hw1.claims.reading import Missing, Tables, TooFew, rows
from hw1.claims.sample import Sample, ratio


def contraction(
    tables: Tables, table: Annotated[Table, "one variant", "epoch 0"], column: Column = "distance"
) -> Sample:
    """L2 distance between two runs' weights at the last snapshot over that at the first."""
    found = pairs(tables, table, [column])
    if found["epoch"].min() != 0 or found["epoch"].max() == 0:
        raise Missing(f"{table}: no snapshots of epoch 0 and of a later one")
    last, first = (at(found, epoch, column) for epoch in (found["epoch"].max(), 0))
    return ratio(last, first)._replace(of_pairs=True)


def distance_ratio(
    tables: Tables, table: Annotated[Table, "one variant"], column: Column, baseline: Column
) -> Sample:
    """One kind of distance between two runs over another, at the last snapshot."""
    found = pairs(tables, table, [column, baseline])
    epoch = found["epoch"].max()
    return ratio(*(at(found, epoch, name) for name in (column, baseline)))._replace(of_pairs=True)


def pairs(tables: Tables, table: str, columns: list[str]) -> pd.DataFrame:
    """The rows of a table of distances that are of the first and second run by their seeds, the
    third and fourth, and so on: pairs that share a run are not independent.

    Raises Missing where one of them is not there after each epoch.
    """
    found = rows(tables, table, ("epoch", "seed", "other_seed"), columns)
    seeds = sorted({*found["seed"], *found["other_seed"]})
    if len(seeds) < 2:
        raise TooFew("found one run, expected two or more")
    apart = list(zip(seeds[::2], seeds[1::2]))
    chosen = [{*pair} in [{*p} for p in apart] for pair in zip(found["seed"], found["other_seed"])]
    found = found[chosen]
    found = found.assign(seed=found[["seed", "other_seed"]].min(axis=1))
    if len(found) != len(apart) * found["epoch"].nunique():
        raise Missing(f"{table}: not each of {len(apart)} pairs of runs is there after each epoch")
    return found


def at(found: pd.DataFrame, epoch: int, column: str) -> pd.Series:
    """A distance of each pair after an epoch, by the seed of its first run."""
    return found[found["epoch"] == epoch].set_index("seed")[column]
