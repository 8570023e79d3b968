"""The recipe of a result: a digest of code and settings, and of the recipes of the inputs.

The workflow gives each job its recipe in the variable HW1_RECIPE, and every file that the job
writes carries it: a table in the file beside it, an archive in its comment, a picture and a page in
their metadata. So a file itself tells whether it was made by the present settings, whatever
Snakemake remembers of it.
"""

import os
import re
from pathlib import Path

LENGTH = 64  # of SHA-256 as hexadecimal digits
HEAD = 4096  # first bytes of a picture or a page, which have its recipe
# The form of a recipe in each of them; matplotlib writes the first two.
IDENTIFIER = {
    ".png": rb"Identifier\0([0-9a-f]{64})",
    ".svg": rb"<dc:identifier>([0-9a-f]{64})<",
    ".html": rb'<meta name="identifier" content="([0-9a-f]{64})">',
}


def current() -> str:
    """The recipe of the running job; zeros if it has none."""
    return os.environ.get("HW1_RECIPE") or "0" * LENGTH


def beside(table: str | os.PathLike) -> Path:
    """The file with the digest of a table, which `sha256sum -c` reads, and its recipe."""
    return Path(f"{os.fspath(table)}.sha256")


def of(path: str | os.PathLike) -> str | None:
    """The recipe that a file carries; None if there is no file, or it carries none."""
    path = Path(path)
    try:
        if path.suffix == ".csv":
            found = re.match(rb"# made by ([0-9a-f]{64})\n", beside(path).read_bytes())
        else:
            with path.open("rb") as file:
                if path.suffix in IDENTIFIER:
                    found = re.search(IDENTIFIER[path.suffix], file.read(HEAD))
                else:  # an archive: the recipe, then its digest
                    file.seek(-2 * LENGTH, os.SEEK_END)
                    found = re.match(rb"([0-9a-f]{64})", file.read(LENGTH))
    except OSError:
        return None
    return found[1].decode() if found else None
