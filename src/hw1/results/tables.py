"""CSV tables: written row by row, joined without reparsing a number, checked when they are read.

Beside a table x.csv lies x.csv.sha256 with its digest, in the form that `sha256sum -c` reads, and
its recipe (see `hw1.results.recipes`). Every later change of the table is noticed: a byte, a line,
an order, other line ends, a spreadsheet's copy, the loss of all rows. A change with a new digest is
not noticed. A whole table in the place of another, with the file beside it, is noticed only if the
two are joined or have different recipes.

A published table (see `hw1.results.published`) is compressed, x.csv.xz, with a line for each column
in place of each row; its digest stands in the manifest.
"""

import csv
import hashlib
import io
import json
import lzma
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hw1.results.files import MAKE_AGAIN, replacing
from hw1.results.recipes import beside, current

if TYPE_CHECKING:
    import pandas as pd

# The columns that say which run a row belongs to; they come first in every table.
RUN_COLUMNS = ("experiment", "variant", "seed")
MANIFEST = "manifest.json"  # of the published tables: their settings and digests
ANEW = "get it anew with git checkout"  # advice for a published table


def write(path: str | os.PathLike, rows: Iterable[dict], columns: Sequence[str] = ()) -> None:
    """Write `rows` in the form of `plain`."""
    store(path, plain(rows, columns))


def plain(rows: Iterable[dict], columns: Sequence[str] = ()) -> bytes:
    """A table of `rows` with `columns`, and all of their keys, in order of first appearance.

    Floats are written so that reading them gives the same float; a missing value is empty.
    """
    rows = list(rows)
    columns = list(dict.fromkeys([*columns, *(column for row in rows for column in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def turned(text: str) -> str:
    """A table with a line for each column in place of each row, or the other way round. The values
    of a column are much alike, so such lines take about half of the space when they are compressed.
    """
    found = io.StringIO()
    # Most values stand there many times: each is kept once, which takes 0.6 of the memory.
    lines = (list(map(sys.intern, line)) for line in csv.reader(io.StringIO(text, newline="")))
    csv.writer(found, lineterminator="\n").writerows(zip(*lines, strict=True))
    return found.getvalue()


def store(path: str | os.PathLike, content: bytes) -> None:
    """Write the bytes of a table, and the file beside it."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    line = f"{hashlib.sha256(content).hexdigest()}  {Path(path).name}\n"
    with replacing(beside(path)) as temporary:
        temporary.write_text(f"# made by {current()}\n{line}", encoding="utf-8", newline="\n")


def whole(path: str | os.PathLike) -> str:
    """The text of a table. Raises ValueError where it was cut off, overwritten or edited."""
    path = Path(path)
    content = path.read_bytes()
    if path.suffix == ".xz":
        check_published(path, content)
        try:
            return turned(lzma.decompress(content).decode())
        except (lzma.LZMAError, EOFError) as error:
            raise ValueError(f"{path} is damaged ({error}): {ANEW}") from error
    try:
        said = beside(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        problem = f"{beside(path).name}, which has its digest, is not there"
    else:
        if said[1:] == [f"{hashlib.sha256(content).hexdigest()}  {path.name}"]:
            return content.decode()
        problem = f"its text is not the one that the digest in {beside(path).name} was made of"
    raise ValueError(f"{path} is damaged: {problem}: {MAKE_AGAIN}")


def check_published(path: Path, content: bytes) -> None:
    """Raise ValueError where a published table does not fit the manifest, if there is one."""
    with suppress(FileNotFoundError):
        said = json.loads((path.parents[1] / MANIFEST).read_text(encoding="utf-8"))["files"]
        name = f"{path.parent.name}/{path.name}"
        if said.get(name, "") != hashlib.sha256(content).hexdigest():
            raise ValueError(f"{path} is not what was published (see {MANIFEST}): {ANEW}")


def read(path: str | os.PathLike) -> "pd.DataFrame":
    """A table with its numbers parsed. It may have no rows: one seed has no distances between runs.
    Raises ValueError as `whole` does."""
    import pandas as pd  # here, since trainings only write tables

    text = whole(path)
    return pd.read_csv(io.StringIO(text)) if text.strip() else pd.DataFrame()


def read_all(paths: Iterable[Path]) -> dict[str, "pd.DataFrame"]:
    """Tables by their names: those of their files without the endings."""
    return {path.name.partition(".")[0]: read(path) for path in paths}


def records(table: "pd.DataFrame") -> list[dict]:
    """Rows as dictionaries, with None where a value is missing."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def identify(run: Any, rows: Iterable[dict]) -> list[dict]:
    """Put the columns that name a run, which it has as attributes, in front of each row."""
    names = {column: getattr(run, column) for column in RUN_COLUMNS}
    return [names | row for row in rows]


def concatenate(paths: Sequence[str | os.PathLike]) -> list[dict]:
    """Rows of the tables of several batches, in the order given, with values as the text in the
    files.

    Raises ValueError as `whole` does, and where two tables have the same run.
    """
    rows: list[dict] = []
    seen: dict[tuple, str | os.PathLike] = {}
    for path in paths:
        reader = csv.reader(io.StringIO(whole(path), newline=""))
        columns = next(reader)
        found = [dict(zip(columns, values)) for values in reader]
        for run in dict.fromkeys(map(itemgetter(*RUN_COLUMNS), found)):
            if run in seen:
                raise ValueError(
                    f"{path} is of the run {'/'.join(run)}, as is {seen[run]}: {MAKE_AGAIN}"
                )
            seen[run] = path
        rows += found
    return rows
