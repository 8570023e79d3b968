"""CSV tables: written row by row, joined without reparsing a number, checked when they are read.

The last column, `sha256`, holds in the first row the digest of the table (of its text without that
digest), and nothing in the others; a table ends with an empty line. Readers of CSV need to know
neither. Here they show that a table is whole and as it was written: a digit, a line or an order
changed afterwards is noticed, short of a digest that was computed anew.
"""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hw1.files import MAKE_AGAIN, replacing

if TYPE_CHECKING:
    import pandas as pd

# The columns that say which run a row belongs to; they come first in every table.
RUN_COLUMNS = ("experiment", "variant", "seed")


DIGEST = "sha256"


def write(path: str | os.PathLike, rows: Iterable[dict]) -> None:
    """Write `rows` with the union of their keys as columns, in order of first appearance.

    Floats are written so that reading them gives the same float; a missing value is empty.
    """
    rows = list(rows)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns, DIGEST], restval="", lineterminator="\n")
    writer.writeheader()
    if rows:
        writer.writerow(rows[0])
    else:
        text.write("\n")
    end_of_first_row = text.tell() - 1
    writer.writerows(rows[1:])
    text.write("\n")
    content = text.getvalue()
    digest = hashlib.sha256(content.encode()).hexdigest()
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(content[:end_of_first_row])
        file.write(digest)
        file.write(content[end_of_first_row:])


def whole(path: str | os.PathLike) -> str:
    """The text of a table, without its digest. Raises ValueError where it is not what was written:
    cut off, overwritten, edited."""
    text = Path(path).read_bytes().decode(errors="replace")
    found = re.search(rf"\A[^\n]*\b{DIGEST}\n(?:[\s\S]*?,)?([0-9a-f]{{64}})\n", text)
    if not text.endswith("\n\n"):
        problem = "expected text that ends with an empty line"
    elif found is None:
        problem = f"expected a digest in its last column, {DIGEST}"
    else:
        text = text[: found.start(1)] + text[found.end(1) :]
        if hashlib.sha256(text.encode()).hexdigest() == found[1]:
            return text
        problem = "its content has not the digest that it names"
    raise ValueError(f"{path} is damaged: {problem}: {MAKE_AGAIN}")


def read(path: str | os.PathLike) -> "pd.DataFrame":
    """A table with its numbers parsed; one without rows (the distances between the runs of one
    seed) has no columns. Raises ValueError as `whole` does."""
    import pandas as pd  # here: the trainings only write tables

    text = whole(path)
    if text.startswith(DIGEST):
        return pd.DataFrame()
    return pd.read_csv(io.StringIO(text)).drop(columns=DIGEST)


def identify(settings: dict, rows: Iterable[dict]) -> list[dict]:
    """Put the columns that name the run of `settings` in front of each row."""
    run = {column: settings[column] for column in RUN_COLUMNS}
    return [run | row for row in rows]


def concatenate(paths: Sequence[str | os.PathLike]) -> list[dict]:
    """Rows of the tables of single runs in the order given, values as the text in the files.

    Raises ValueError as `whole` does, and where a table is not of one run, or two are of the same.
    """
    rows: list[dict] = []
    seen: dict[tuple, str | os.PathLike] = {}
    for path in paths:
        found = list(csv.DictReader(io.StringIO(whole(path), newline="")))
        runs = {tuple(row[column] for column in RUN_COLUMNS) for row in found}
        if len(runs) > 1:
            raise ValueError(f"{path}: found {len(runs)} runs, expected one: {MAKE_AGAIN}")
        for run in runs:
            if run in seen:
                raise ValueError(
                    f"{path} is of the run {'/'.join(run)}, as is {seen[run]}: {MAKE_AGAIN}"
                )
            seen[run] = path
        for row in found:
            del row[DIGEST]
        rows += found
    return rows
