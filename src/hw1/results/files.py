"""Files that are either whole or absent, and archives that carry a digest of their content."""

import ast
import functools
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hw1.results.recipes import LENGTH, current

# Advice for a damaged result. Snakemake does not miss a deleted file while all files made from it
# are there, so the user has to ask for it.
MAKE_AGAIN = "delete it and have Snakemake make it again, by its name"


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` once the block has succeeded.

    A block that raises leaves `path` as it was and removes the temporary file. The name keeps
    the ending of `path`, by which matplotlib and numpy choose a format. The file is on the disk
    before it is renamed, so a loss of power leaves the old file or the new one, and no empty one.
    An OSError that names no file, such as that of a full disk, gets the name of `path`.
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
def parsed(source: bytes, path: str) -> ast.Module:
    """The syntax tree of a Python source, without what no job depends on: docstrings, also those of
    fields; and the ranges and checks of hw1.settings, since a job gets settings that were checked.
    It is shared, so callers must not change it."""
    tree, of_settings = ast.parse(source, filename=path), "/hw1/settings/" in path
    for node in [tree, *statements(tree)]:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            kept = [part for part in node.body if not is_text(part)]
            kept = [part for part in kept if not (of_settings and is_check(part))]
            node.body = kept or [ast.Pass()]
        match node:
            case ast.AnnAssign() if of_settings:
                node.annotation = WithoutRanges().visit(node.annotation)
            case ast.Assign(value=ast.Subscript() | ast.BinOp()) if of_settings:
                node.value = WithoutRanges().visit(node.value)
    return tree


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a text for readers."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_check(node: ast.stmt) -> bool:
    """Whether a statement is a method that checks settings."""
    match node:
        case ast.FunctionDef("check", ast.arguments(args=[ast.arg("self"), *_])):
            return True
    return False


class WithoutRanges(ast.NodeTransformer):
    """An annotation without the ranges in it: of Annotated[..., Meta(...)] the type alone."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(ast.Name("Annotated"), ast.Tuple([kind, ast.Call(), *_])):
                return self.visit(kind)
        return self.generic_visit(node)


@functools.cache
def content_digest(path: Path) -> bytes:
    """SHA-256 of a file, which is read once. In Python files, comments, layout and what `parsed`
    leaves out do not count."""
    content = path.read_bytes()
    if path.suffix == ".py":
        content = ast.unparse(parsed(content, str(path))).encode()
    return hashlib.sha256(content).digest()


def sealed(archive: bytes) -> bytes:
    """A zip archive, as .npz and .pt files are, with the recipe of the job and the SHA-256 as its
    comment, which readers of zip files pass over.

    The check sums of its parts are not enough: torch does not compare them, numpy compares them
    only if the header of an array asks for all of its bytes, and the archive's directory has none.
    """
    if not archive.endswith(bytes(2)):
        raise ValueError("expected a zip archive without a comment")
    archive = archive[:-2] + (2 * LENGTH).to_bytes(2, "little") + current().encode()
    return archive + hashlib.sha256(archive).hexdigest().encode()


def check_sealed(content: bytes) -> None:
    """Raise ValueError where an archive differs, by a bit or more, from the one that `sealed`
    made."""
    view = memoryview(content)
    digest = hashlib.sha256(view[:-LENGTH]).hexdigest().encode()
    if digest != view[-LENGTH:]:
        raise ValueError("it does not end with the digest of its content")
