"""Published tables: tables of real builds, small enough to be kept beside the code.

The folder has a folder for each arm, with a compressed copy of each table and a table of the runs.
It also has a manifest: the settings, seeds and code of each experiment, and the digest of every
file. A build with further seeds is merged into the published tables if it has the same settings,
and the same code or code that gives the same numbers.
"""

import hashlib
import json
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

from hw1.results import tables
from hw1.results.files import replacing

if TYPE_CHECKING:
    import pandas as pd

# Digits of a float, by the number of rows: long tables are curves, to be looked at or smoothed.
DIGITS = {0: 6, 20_000: 4}


def pack(path: Path, table: "pd.DataFrame") -> None:
    """Write a table compressed, with rounded floats and a line for each column; the same rows give
    the same bytes."""
    rounded, digits = table.copy(), digits_of(len(table))
    for column in rounded.select_dtypes("float"):
        rounded[column] = [float(f"{value:.{digits}g}") for value in rounded[column]]
    text = tables.turned(tables.plain(tables.records(rounded), list(rounded)).decode())
    with replacing(path) as temporary:
        temporary.write_bytes(lzma.compress(text.encode(), preset=9))


def digits_of(rows: int) -> int:
    """The digits that a float has in a published table of so many rows."""
    return DIGITS[max(least for least in DIGITS if least <= rows)]


def manifest(folder: Path) -> dict:
    """The manifest of a folder; an empty one if there is none."""
    path = folder / tables.MANIFEST
    if not path.exists():
        return {"arms": {}, "files": {}}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): {tables.ANEW}") from error


def write_manifest(folder: Path, arms: dict) -> None:
    """Write the manifest of a folder, with the digest of each file."""
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.xz"))
    }
    with replacing(folder / tables.MANIFEST) as temporary:
        text = json.dumps({"arms": arms, "files": files}, indent=1, sort_keys=True)
        temporary.write_text(text + "\n", encoding="utf-8")


def damage(folder: Path) -> list[str]:
    """A line for each published file that does not fit the manifest."""
    said = manifest(folder)["files"]
    there = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.xz"))}
    found = [f"{folder / name} is missing: {tables.ANEW}" for name in said if name not in there]
    for name, path in there.items():
        if name not in said:
            found.append(f"{path} is not in {tables.MANIFEST}: publish it, or delete it")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != said[name]:
            found.append(f"{path} is not what was published: {tables.ANEW}")
    return found


def same(ours: "pd.DataFrame", theirs: "pd.DataFrame", key: list[str]) -> str | None:
    """Where two tables differ by more than rounding, in the rows of the runs that are in both; None
    if they do not. `key` has the columns that tell rows apart, variant and seed among them."""
    import pandas as pd

    numbers = [c for c in theirs if c not in key and pd.api.types.is_numeric_dtype(theirs[c])]
    of_run = [pd.MultiIndex.from_frame(table[["variant", "seed"]]) for table in (ours, theirs)]
    both = ours[of_run[0].isin(of_run[1])].merge(
        theirs[of_run[1].isin(of_run[0])],
        on=key, how="outer", suffixes=("", "_published"), indicator="side",
    )  # fmt: skip

    def place(row: pd.Series) -> str:
        return ", ".join(f"{name} {row[name]}" for name in key)

    if len(alone := both[both["side"] != "both"]):
        side = "here" if alone.iloc[0]["side"] == "left_only" else "published"
        return f"{place(alone.iloc[0])}: it is {side} alone"
    rounding = 10.0 ** (1 - digits_of(max(len(ours), len(theirs))))
    for column in numbers:
        own, their = both[column], both[f"{column}_published"]
        close = (own == their) | ((own - their).abs() <= rounding * their.abs())
        if len(wrong := both[~(close | (own.isna() & their.isna()))]):
            row = wrong.iloc[0]
            said = f"{row[column]:g}, published is {row[f'{column}_published']:g}"
            return f"{place(row)}: {column} is {said}"
    return None


def merged(ours: "pd.DataFrame", theirs: "pd.DataFrame") -> "pd.DataFrame":
    """The rows of both tables; a run that is in both has its rows from `theirs`."""
    import pandas as pd

    of_run = [pd.MultiIndex.from_frame(table[["variant", "seed"]]) for table in (ours, theirs)]
    return pd.concat([theirs, ours[~of_run[0].isin(of_run[1])]], ignore_index=True)
