"""Whether the files of a build are as they were written.

Tables carry a digest, archives (.npz, .pt) a check sum of each part; a figure or a page is only
known to be whole. What is not noticed: a file that is older than what it was made from (that is
what Snakemake looks for), and one that was changed together with its digest.
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from hw1 import tables
from hw1.files import MAKE_AGAIN, damaged_member


class Found(NamedTuple):
    """A file, and what is wrong with it; None where nothing is."""

    path: Path
    damage: str | None


def archive(path: Path) -> None:
    """Raise ValueError unless all parts of an archive are as they were written."""
    try:
        member = damaged_member(path.read_bytes())
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(f"{path} is damaged ({error}): {MAKE_AGAIN}") from error
    if member:
        raise ValueError(f"{path} is damaged (the check sum of {member} differs): {MAKE_AGAIN}")


def picture(path: Path) -> None:
    """Raise ValueError unless a PNG file can be decoded."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}): {MAKE_AGAIN}") from error


def drawing(path: Path) -> None:
    """Raise ValueError unless an SVG file is XML to its end."""
    try:
        ElementTree.parse(path)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path} is damaged ({error}): {MAKE_AGAIN}") from error


def page(path: Path) -> None:
    """Raise ValueError unless a page is there to its end."""
    if not path.read_bytes().rstrip().endswith(b"</html>"):
        raise ValueError(f"{path} is damaged (it does not end as a page does): {MAKE_AGAIN}")


def facts(path: Path) -> None:
    """Raise ValueError unless a file is JSON."""
    try:
        json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): delete it, nothing needs it") from error


CHECKS: dict[str, Callable[[Path], object]] = {
    ".csv": tables.whole,
    ".npz": archive,
    ".pt": archive,
    ".png": picture,
    ".svg": drawing,
    ".html": page,
    ".json": facts,
}


def verify(results: Path) -> Iterator[Found]:
    """Check every file below a folder that a kind of CHECKS is known for, in order of names.

    Second names of checkpoints (see `hw1.checkpoints.keep`) are no files of their own; files of
    unfinished jobs are passed over. Raises ValueError where there is nothing to check.
    """
    paths = sorted(
        path
        for path in results.rglob("*")
        if path.suffix in CHECKS and path.is_file() and not path.name.startswith(".")
    )
    if not paths:
        raise ValueError(f"{results} has no results: build some, with snakemake or make demo")
    for path in paths:
        try:
            CHECKS[path.suffix](path)
        except (ValueError, OSError) as error:
            yield Found(path, " ".join(str(error).split()))
        else:
            yield Found(path, None)
