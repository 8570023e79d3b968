"""CSV tables: written row by row, joined without reparsing a number, checked when they are read.

The last column, `sha256`, holds in the first row the SHA-256 of the file's bytes without that
digest, and nothing in the other rows; a table ends with an empty line. Readers of CSV need to know
neither. A byte, a line or an order that has changed since the table was written is noticed (other
line ends too, and what a spreadsheet saves), also where all rows are gone. Not noticed is who
computes the digest anew, and one whole table in the place of another, unless they are joined.

A published table (see `hw1.published`) is one that is compressed, x.csv.xz.
"""

import csv
import hashlib
import io
import lzma
import os
import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from hw1.files import MAKE_AGAIN, replacing

if TYPE_CHECKING:
    import pandas as pd

# The columns that say which run a row belongs to; they come first in every table.
RUN_COLUMNS = ("experiment", "variant", "seed")
DIGEST = "sha256"
ANEW = "get it anew with git checkout"  # one that is published
# The header and the first row, which may have line ends in quotes.
BEGINNING = re.compile(rf"[^\n]*\b{DIGEST}\n(?:.*?,)?([0-9a-f]{{64}})\n".encode(), re.DOTALL)


def write(path: str | os.PathLike, rows: Iterable[dict], columns: Sequence[str] = ()) -> None:
    """Write `rows` with `columns`, and all of their keys, in order of first appearance.

    Floats are written so that reading them gives the same float; a missing value is empty.
    """
    rows = list(rows)
    columns = list(dict.fromkeys([*columns, *(column for row in rows for column in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns, DIGEST], lineterminator="\n")
    writer.writeheader()
    if rows:
        writer.writerow(rows[0])
    else:
        text.write("\n")  # room for the digest
    place = text.tell() - 1
    writer.writerows(rows[1:])
    text.write("\n")
    content = text.getvalue()
    digest = hashlib.sha256(content.encode()).hexdigest()
    with replacing(path) as temporary:
        temporary.write_text(
            content[:place] + digest + content[place:], encoding="utf-8", newline="\n"
        )


def unpacked(path: str | os.PathLike) -> bytes:
    """The bytes of a table. Raises ValueError where it is compressed and damaged."""
    content = Path(path).read_bytes()
    if Path(path).suffix != ".xz":
        return content
    try:
        return lzma.decompress(content)
    except (lzma.LZMAError, EOFError) as error:
        raise ValueError(f"{path} is damaged ({error}): {ANEW}") from error


def whole(path: str | os.PathLike) -> str:
    """The text of a table, without its digest. Raises ValueError where it is not what was written:
    cut off, overwritten, edited."""
    content = unpacked(path)
    found = BEGINNING.match(content)
    if not content.endswith(b"\n\n"):
        problem = "expected text that ends with an empty line"
    elif found is None:
        problem = f"expected a digest in its last column, {DIGEST}"
    else:
        content = content[: found.start(1)] + content[found.end(1) :]
        if hashlib.sha256(content).hexdigest().encode() == found[1]:
            return content.decode()
        problem = f"its text is not the one that its digest (in the column {DIGEST}) was made of"
    raise ValueError(f"{path} is damaged: {problem}: {MAKE_AGAIN}")


def read(path: str | os.PathLike) -> "pd.DataFrame":
    """A table with its numbers parsed; it may have no rows, as the distances between the runs of
    one seed have. Raises ValueError as `whole` does."""
    import pandas as pd  # here: the trainings only write tables

    text = io.StringIO(whole(path))
    return pd.read_csv(text, usecols=lambda column: column != DIGEST)


def read_all(paths: Iterable[Path]) -> dict[str, "pd.DataFrame"]:
    """Tables by their names, which are those of their files without the endings."""
    return {path.name.partition(".")[0]: read(path) for path in paths}


def identify(settings: dict, rows: Iterable[dict]) -> list[dict]:
    """Put the columns that name the run of `settings` in front of each row."""
    run = {column: settings[column] for column in RUN_COLUMNS}
    return [run | row for row in rows]


def concatenate(paths: Sequence[str | os.PathLike]) -> list[dict]:
    """Rows of the tables of batches of runs in the order given, values as the text in the files.

    Raises ValueError as `whole` does, and where a table is of a run that another is of, or of
    another experiment.
    """
    rows: list[dict] = []
    seen: dict[tuple, str | os.PathLike] = {}
    for path in paths:
        reader = csv.reader(io.StringIO(whole(path), newline=""))
        *columns, _ = next(reader)
        # Without the digest's column, and the empty line at the end.
        found = [dict(zip(columns, values)) for values in reader if values]
        if found and tuple(columns[:3]) != RUN_COLUMNS:
            raise ValueError(
                f"{path}: found the columns {', '.join(columns)}, expected "
                f"{', '.join(RUN_COLUMNS)} first: {MAKE_AGAIN}"
            )
        for run in dict.fromkeys(map(itemgetter(*RUN_COLUMNS), found)):
            if run in seen:
                raise ValueError(
                    f"{path} is of the run {'/'.join(run)}, as is {seen[run]}: {MAKE_AGAIN}"
                )
            if seen and run[0] != (first := next(iter(seen)))[0]:
                raise ValueError(
                    f"{path} is of the experiment {run[0]}, and {seen[first]} of {first[0]}: "
                    f"{MAKE_AGAIN}"
                )
            seen[run] = path
        rows += found
    return rows
