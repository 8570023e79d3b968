"""Statistics of the distances between runs."""

from typing import Annotated

import numpy as np
import pandas as pd

from hw1.claims.keys import Column, Table
from hw1.claims.reading import Missing, Tables, TooFew, rows
from hw1.claims.sample import Sample
from hw1.inference import pseudo_values


def contraction(
    tables: Tables, table: Annotated[Table, "one variant"], column: Column = "distance"
) -> Sample:
    """L2 distance between two runs' weights at the last snapshot over that at the first.

    Pairs that share a run are not independent. So each run has one value, the jackknife's
    pseudo-value of the mean logarithm over pairs, which is what it contributes.
    """
    found = pairs(tables, table, [column])
    if found["epoch"].min() != 0 or found["epoch"].max() == 0:
        raise Missing(f"{table}: no snapshots of epoch 0 and of a later one")
    ends = (found["epoch"].max(), 0)
    last, first = (matrix(found, table, epoch, column) for epoch in ends)
    return Sample(np.exp(pseudo_values(np.log(last / first))), null=1)


def distance_ratio(
    tables: Tables, table: Annotated[Table, "one variant"], column: Column, baseline: Column
) -> Sample:
    """One kind of distance between two runs over another, at the last snapshot, for each run as
    `contraction` has it."""
    found = pairs(tables, table, [column, baseline])
    epoch = found["epoch"].max()
    first, second = (matrix(found, table, epoch, name) for name in (column, baseline))
    return Sample(np.exp(pseudo_values(np.log(first / second))), null=1)


def pairs(tables: Tables, table: str, columns: list[str]) -> pd.DataFrame:
    """The rows of a table of distances, of three runs or more."""
    found = rows(tables, table, ("epoch", "seed", "other_seed"), columns)
    if (count := len({*found["seed"], *found["other_seed"]})) < 3:
        raise TooFew(f"found {count} runs, expected three or more")
    return found


def matrix(found: pd.DataFrame, table: str, epoch: int, column: str) -> np.ndarray:
    """Distances (runs, runs) after an epoch, and 1 on the diagonal."""
    seeds = sorted({*found["seed"], *found["other_seed"]})
    at = found[found["epoch"] == epoch]
    both = pd.concat([at, at.rename(columns={"seed": "other_seed", "other_seed": "seed"})])
    square = both.pivot_table(index="seed", columns="other_seed", values=column)
    square = square.reindex(index=seeds, columns=seeds).to_numpy(copy=True)
    if len(at) != len(seeds) * (len(seeds) - 1) // 2 or np.isnan(square).sum() != len(seeds):
        raise Missing(f"{table}: epoch {epoch} has not each pair of runs once")
    np.fill_diagonal(square, 1)
    if (square == 0).any():
        raise Missing(f"{table}: epoch {epoch}: two runs have a distance of 0, a ratio to 0")
    return square
