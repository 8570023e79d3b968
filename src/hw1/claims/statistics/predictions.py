"""Statistics of what networks predict."""

import pandas as pd

from hw1.claims.keys import Table, Variant
from hw1.claims.reading import Missing, Tables, rows
from hw1.claims.sample import Sample, share


def predicted(tables: Tables, table: Table, variant: Variant) -> pd.DataFrame:
    return rows(tables, table, ("seed", "x"), ["target", "prediction"], variant)


def misses(tables: Tables, table: Table, variant: Variant, beyond: float, error: float) -> Sample:
    """Share of runs whose mean squared error at |x| > `beyond` is more than `error` times the
    function's variance there."""
    found = predicted(tables, table, variant)
    lobes = found[found["x"].abs() > beyond]
    variance = lobes.groupby("seed")["target"].var(ddof=0)
    if lobes.empty or (variance == 0).any():
        raise Missing(f"{table}: the function does not vary at |x| > {beyond}")
    squares = (lobes["prediction"] - lobes["target"]) ** 2
    return share(squares.groupby(lobes["seed"]).mean() / variance > error)


def nearly_flat(tables: Tables, table: Table, variant: Variant, deviation: float) -> Sample:
    """Share of runs whose predictions have a standard deviation under `deviation`."""
    found = predicted(tables, table, variant)
    return share(found.groupby("seed")["prediction"].std(ddof=0) < deviation)
