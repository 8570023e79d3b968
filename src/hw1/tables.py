"""CSV tables: written row by row, joined without reparsing a number.

A table ends with an empty line. Readers of CSV skip it; here it shows that a file is whole, also
where it was cut off between two rows.
"""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hw1.files import MAKE_AGAIN, replacing

if TYPE_CHECKING:
    import pandas as pd

# The columns that say which run a row belongs to; they come first in every table.
RUN_COLUMNS = ("experiment", "variant", "seed")


def write(path: str | os.PathLike, rows: Iterable[dict]) -> None:
    """Write `rows` with the union of their keys as columns, in order of first appearance.

    Floats are written so that reading them gives the same float; a missing value is empty.
    """
    rows = list(rows)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.write("\n")


def whole(path: str | os.PathLike) -> str:
    """The text of a table. Raises ValueError where it was cut off, overwritten with zeros or is
    no text."""
    text = Path(path).read_bytes().decode(errors="replace")
    if not text.endswith("\n\n") or "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
        raise ValueError(
            f"{path} is damaged: expected text that ends with an empty line: {MAKE_AGAIN}"
        )
    return text


def read(path: str | os.PathLike) -> "pd.DataFrame":
    """A table with its numbers parsed; one without rows (the distances between the runs of one
    seed) has no columns. Raises ValueError as `whole` does."""
    import pandas as pd  # here: the trainings only write tables

    text = whole(path)
    return pd.read_csv(io.StringIO(text)) if text.strip() else pd.DataFrame()


def identify(settings: dict, rows: Iterable[dict]) -> list[dict]:
    """Put the columns that name the run of `settings` in front of each row."""
    run = {column: settings[column] for column in RUN_COLUMNS}
    return [run | row for row in rows]


def concatenate(paths: Sequence[str | os.PathLike]) -> list[dict]:
    """Rows of all tables in the order given, values as the text that stands in the files.

    Raises ValueError as `whole` does, and where a row has another number of fields.
    """
    rows = []
    for path in paths:
        reader = csv.DictReader(io.StringIO(whole(path), newline=""))
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(
                    f"{path}, line {reader.line_num}: expected {len(reader.fieldnames)} "
                    f"fields: {MAKE_AGAIN}"
                )
            rows.append(row)
    return rows
