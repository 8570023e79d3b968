"""Files that are either whole or absent."""

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What to do about a damaged result: Snakemake does not miss a deleted one while all that was made
# from it is there, so it has to be asked for.
MAKE_AGAIN = "delete it and have Snakemake make it again, by its name"


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` once the block has succeeded.

    A block that raises leaves `path` as it was and removes the temporary file. The name keeps
    the ending of `path`, which matplotlib and numpy choose a format by. What is renamed is on the
    disk: a loss of power leaves the file before or the one after, not one of the right name that
    is empty. An OSError that names no file (a full disk does not) gets the name of `path`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def damaged_member(content: bytes) -> str | None:
    """The first part of a zip archive (.npz and .pt files are such) that is not what was written,
    by its check sum; None where all are. Raises zipfile.BadZipFile where it is no archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.testzip()
