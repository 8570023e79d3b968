"""Tables, read with care: the numbers that decide a claim are complete, finite and in range.

All statistics get their numbers here. Missing is raised if the tables lack what is needed, or hold
what cannot be right. It names table, run and what was found.
"""

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np
import pandas as pd

Tables = dict[str, pd.DataFrame]


COUNTS = ("seed", "other_seed", "epoch", "iteration", "layer", "units", "dead_units")


class Missing(LookupError):
    """The tables lack what a statistic needs, or hold what cannot be right."""


class TooFew(Missing):
    """The tables are as they should be, but too few seeds have what a statistic is about."""


def experiment_named(of: dict, experiments: Collection[str]) -> str | None:
    """The experiment that a part of a claim is about, named by its keys or by the table that it
    names; None if it is none of these."""
    if "experiment" in of:
        return of["experiment"] if of["experiment"] in experiments else None
    own = [name for name in experiments if of["table"].startswith(f"{name}_")]
    return max(own, key=len, default=None)


def limits(column: str) -> tuple[float, float]:
    """The least and the greatest value that a column may have."""
    if column.endswith("accuracy"):
        return 0, 1
    if column.endswith(("loss", "distance", "norm")):
        return 0, math.inf
    if column in ("seed", "other_seed", "epoch", "dead_units"):
        return 0, math.inf
    if column in ("iteration", "parameters", "examples", "layer", "units"):
        return 1, math.inf
    return -math.inf, math.inf


def place(row: pd.Series, key: Sequence[str]) -> str:
    """Where a row stands, in words."""
    return ", ".join(f"{column.replace('_', ' ')} {row[column]}" for column in key if column in row)


def rows(
    tables: Tables,
    name: str,
    key: Sequence[str],
    columns: Sequence[str],
    variant: str | None = None,
    where: dict | None = None,
    complete: bool = True,
) -> pd.DataFrame:
    """Rows of a table, sorted by `key`, of one variant (or the only one), with the values `where`.

    Each place of the key stands there once. If `complete`, all seeds have the same places. The
    numbers of `columns` are finite and in range.
    """
    if name not in tables:
        raise Missing(f"no table {name}")
    table = tables[name]
    if table.empty:
        raise Missing(f"{name} has no rows")
    where = where or {}
    key = [column for column in key if column in table or column != "iteration"]
    for column in ("variant", *key, *columns, *where):
        if column not in table:
            raise Missing(f"{name} has no column {column}")
    if variant is None:
        variants = list(table["variant"].unique())
        if len(variants) != 1:
            raise Missing(f"{name}: expected one variant, found {', '.join(map(str, variants))}")
        (variant,) = variants
    found = table[table["variant"] == variant]
    if found.empty:
        raise Missing(f"{name}: no runs of {variant}")
    for column, value in where.items():
        found = found[found[column] == value]
        if found.empty:
            raise Missing(f"{name}: {variant} has no row with {column} {value}")
    check(found, f"{name}: {variant}", key, columns)
    if complete:
        check_complete(found, f"{name}: {variant}", key)
    return found.sort_values(key).reset_index(drop=True)


def check(found: pd.DataFrame, name: str, key: Sequence[str], columns: Sequence[str]) -> None:
    """Raise Missing unless each row is there once, and its numbers are finite and in range."""
    for column in dict.fromkeys([*key, *columns]):
        values = found[column]
        if not pd.api.types.is_numeric_dtype(values):
            raise Missing(f"{name}: {column} holds text, expected numbers")
        low, high = limits(column)
        numbers = values.to_numpy(float)
        wrong = ~np.isfinite(numbers) | (numbers < low) | (numbers > high)
        if column in COUNTS:
            wrong |= numbers != np.floor(numbers)
        if wrong.any():
            row = found.iloc[int(np.argmax(wrong))]
            raise Missing(f"{name}, {place(row, key)}: {column} is {row[column]}")
    twice = found.duplicated(list(key))
    if twice.any():
        raise Missing(f"{name}, {place(found[twice].iloc[0], key)}: stands there twice")


def check_complete(found: pd.DataFrame, name: str, key: Sequence[str]) -> None:
    """Raise Missing unless all seeds have rows for the same epochs, alphas and the like."""
    others = [column for column in key if column not in ("seed", "other_seed")]
    if not others or "other_seed" in key:
        return
    counts = found.groupby("seed").size()
    places = len(found[others].drop_duplicates())
    if (short := counts[counts < places]).size:
        raise Missing(
            f"{name}, seed {short.index[0]}: found {short.iloc[0]} of the {places} rows that the "
            f"runs have by {' and '.join(others)}"
        )


def each(values: pd.DataFrame, number: Callable[[np.ndarray], float]) -> pd.Series:
    """A number of each seed, computed from its row alone. In sums over all rows together, rounding
    would depend on how many seeds there are."""
    rows_alone = np.ascontiguousarray(values.to_numpy())
    return pd.Series([float(number(row)) for row in rows_alone], index=values.index)


def final(
    tables: Tables,
    experiment: str,
    split: str,
    variant: str | None = None,
    columns: Sequence[str] = ("loss",),
) -> pd.DataFrame:
    """Some of the metrics after the last epoch, indexed by seed, of one variant or the only one.

    All seeds have the same last epoch, or each has the last epoch of its history, since a run may
    stop early.
    """
    name, key = f"{experiment}_metrics", ("seed", "epoch")
    found = rows(tables, name, key, columns, variant, {"split": split}, complete=False)
    last = found.groupby("seed")["epoch"].max()
    if last.nunique() > 1:
        own = last_epochs(tables, f"{experiment}_history", found["variant"].iloc[0])
        for seed, epoch in last.items():
            if (expected := own.get(seed, last.max())) != epoch:
                raise Missing(
                    f"{name}: {found['variant'].iloc[0]}, seed {seed}: the last epoch is {epoch}, "
                    f"expected {expected}"
                )
    return found[found["epoch"] == found["seed"].map(last)].set_index("seed")


def last_epochs(tables: Tables, name: str, variant: str) -> dict[int, int]:
    """The last epoch of each seed's history; empty if there is none."""
    if name not in tables or "epoch" not in tables[name]:
        return {}
    history = tables[name]
    return history[history["variant"] == variant].groupby("seed")["epoch"].max().to_dict()


def paired(first: pd.Series, second: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two arms at the seeds that both have. Raises TooFew if they share none."""
    first, second = first.align(second, join="inner")
    if first.empty:
        raise TooFew("no seed has both arms")
    return first, second


def together(columns: Sequence[pd.Series]) -> pd.DataFrame:
    """Several series at the seeds that all have. Raises TooFew if they share none."""
    frame = pd.concat(columns, axis=1, join="inner")
    if frame.empty:
        raise TooFew("no seed has all arms")
    return frame
