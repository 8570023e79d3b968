"""Files that are either whole or absent, and archives that know what was written."""

import ast
import functools
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hw1.results.recipes import LENGTH, current

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


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node of a syntax tree: a twentieth of what ast.walk goes through."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, field, ()):
            yield statement
            yield from statements(statement)


@functools.cache
def content_digest(path: Path) -> bytes:
    """SHA-256 of a file, which is read once. Of Python it is that of what the file does: comments,
    docstrings and layout count for nothing."""
    content = path.read_bytes()
    if path.suffix == ".py":
        tree = ast.parse(content)
        for node in [tree, *statements(tree)]:
            if not isinstance(
                node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ):
                continue
            match node.body:
                case [ast.Expr(ast.Constant(str())), *_]:
                    node.body = node.body[1:] or [ast.Pass()]
        content = ast.unparse(tree).encode()
    return hashlib.sha256(content).digest()


def sealed(archive: bytes) -> bytes:
    """A zip archive (.npz and .pt files are such) with the recipe of the job and its SHA-256 as the
    archive's comment, which readers of zip files pass over.

    The check sums of its parts are not enough: torch does not compare them, numpy only where the
    header of an array asks for all that is there, and the archive's directory has none.
    """
    if not archive.endswith(bytes(2)):
        raise ValueError("expected a zip archive without a comment")
    archive = archive[:-2] + (2 * LENGTH).to_bytes(2, "little") + current().encode()
    return archive + hashlib.sha256(archive).hexdigest().encode()


def check_sealed(content: bytes) -> None:
    """Raise ValueError where an archive is not, to the last bit, as `sealed` made it."""
    view = memoryview(content)
    digest = hashlib.sha256(view[:-LENGTH]).hexdigest().encode()
    if digest != view[-LENGTH:]:
        raise ValueError("it does not end with the digest of its content")
