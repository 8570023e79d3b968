"""CSV tables: written row by row, joined without reparsing a number."""

import csv
import os
from collections.abc import Iterable, Sequence

from hw1.files import replacing

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


def identify(settings: dict, rows: Iterable[dict]) -> list[dict]:
    """Put the columns that name the run of `settings` in front of each row."""
    run = {column: settings[column] for column in RUN_COLUMNS}
    return [run | row for row in rows]


def concatenate(paths: Sequence[str | os.PathLike]) -> list[dict]:
    """Rows of all tables in the order given, values as the text that stands in the files.

    Raises ValueError where a table has no header or a row has another number of fields.
    """
    rows = []
    for path in paths:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            if not reader.fieldnames:
                raise ValueError(f"{path} is empty: delete it and run again")
            for row in reader:
                if None in row or None in row.values():
                    raise ValueError(
                        f"{path}, line {reader.line_num}: expected {len(reader.fieldnames)} "
                        "fields: delete the file and run again"
                    )
                rows.append(row)
    return rows
