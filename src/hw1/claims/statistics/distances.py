"""Statistics of the distances between runs."""

import numpy as np
import pandas as pd

from hw1.claims.reading import Missing, Tables, TooFew, rows
from hw1.claims.sample import Sample
from hw1.inference import pseudo_values


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
