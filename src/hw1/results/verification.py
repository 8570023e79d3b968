"""Whether the files of a build are as they were written.

Tables, arrays and checkpoints carry a digest: any change is noticed. A PNG carries check sums. An
SVG, a page and a provenance file are only checked to be whole. Three cases are not noticed: a file
changed together with its digest; a file in the place of another (the next build sees by its recipe
whether it is of other settings or code); and a file older than its inputs (Snakemake looks for
these).
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from hw1.results import tables
from hw1.results.files import MAKE_AGAIN, check_sealed

# Temporary names of `hw1.results.files.replacing`.
TEMPORARY = re.compile(r"\..+\.\d{1,10}\.\w+")
LEFTOVERS = {
    ".resume": "of an unfinished training: the next build goes on from there",
    ".lock": "of a training that runs or was killed: the next build sees to it",
}
# Facts of a training that the page shows, from its provenance file.
FACTS = ("finished", "training_seconds", "device", "commit", "torch", "python", "platform")


class Found(NamedTuple):
    """A file, whether it could be checked, a line about its damage, and a line about a file that a
    killed or running job left; None if there is no such line."""

    path: Path
    checked: bool
    damage: str | None
    leftover: str | None


def picture(path: Path) -> None:
    """Raise an exception unless a PNG file is as it was written, by its check sums."""
    from PIL import Image

    with Image.open(path) as image:
        image.verify()  # up to the last chunk, which is the same in every file
    if not path.read_bytes().endswith(b"\0\0\0\0IEND\xae\x42\x60\x82"):
        raise ValueError("it does not end as a PNG does")


def page(path: Path) -> None:
    """Raise ValueError unless a page has its end."""
    if not path.read_bytes().rstrip().endswith(b"</html>"):
        raise ValueError("it does not end as a page does")


def facts(path: Path) -> None:
    """Raise an exception unless a provenance file has all facts that the page shows."""
    if absent := sorted({*FACTS} - json.loads(path.read_bytes()).keys()):
        raise ValueError(f"it has no {', '.join(absent)}")


CHECKS: dict[str, Callable[[Path], object]] = {
    ".csv": tables.whole,
    ".npz": lambda path: check_sealed(path.read_bytes()),
    ".pt": lambda path: check_sealed(path.read_bytes()),
    ".png": picture,
    ".svg": ElementTree.parse,
    ".html": page,
    ".json": facts,
}


def damage(path: Path) -> str | None:
    """One line on how a file is damaged and what to do, or None if it is not."""
    try:
        CHECKS[path.suffix](path)
    except Exception as error:  # parsers raise anything on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, OSError) and error.errno is not None:
            return f"{path} cannot be read ({error.strerror}): see to it, and verify again"
        if path.suffix == ".csv":
            return reason
        advice = "delete it, nothing needs it" if path.suffix == ".json" else MAKE_AGAIN
        return f"{path} is damaged ({reason}): {advice}"
    return None


def leftover(path: Path) -> str | None:
    """One line about a file that a running or killed job has left."""
    said = LEFTOVERS.get(path.suffix)
    if said is None and TEMPORARY.fullmatch(path.name):
        said = "of a job that runs or was killed: delete it if none runs"
    return said and f"{path} is {said}"


def is_second_name(path: Path) -> bool:
    """Whether a file is the second name of a checkpoint (see `hw1.training.checkpoints.keep`)."""
    if "kept" not in path.parts[-3:-2]:
        return False
    first = path.parents[2] / path.name
    return first.exists() and path.samefile(first)


def verify(results: Path) -> Iterator[Found]:
    """Look at every file below a folder, in order of names.

    It leaves out second names of checkpoints, which are the same files, and the files beside
    tables, with which tables are checked. Raises ValueError where there is nothing to check.
    """
    files = sorted(
        Path(folder, name)
        for folder, _, names in os.walk(results, followlinks=True)
        for name in names
        if not is_second_name(Path(folder, name)) and not name.endswith(".csv.sha256")
    )
    if not any(path.suffix in CHECKS for path in files):
        raise ValueError(f"{results} has no results: build some, with snakemake or make demo")
    for path in files:
        said = leftover(path)
        checked = said is None and path.suffix in CHECKS
        yield Found(path, checked, damage(path) if checked else None, said)
