"""Statistics of what networks predict."""

import pandas as pd

from hw1.claims.keys import Table, Variant, Variants
from hw1.claims.reading import Missing, Tables, rows, together
from hw1.claims.sample import Sample, share


def misses_oscillation(
    tables: Tables,
    table: Table,
    missing: Variant,
    following: Variants,
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
