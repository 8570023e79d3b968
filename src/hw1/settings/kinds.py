"""Kinds of analyses and figures: files that declare themselves (see hw1.analyses, hw1.figures).

A declaration is read without importing the file, so that its imports cost nothing where only its
settings are needed.
"""

import ast
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from hw1.results import files


def declaration(path: str | os.PathLike) -> dict | None:
    """The value of `KIND` in a file, or None if it has none.

    Raises ValueError where the file is no Python, or KIND is more than plain values.
    """
    for node in parsed(path).body:
        if isinstance(node, ast.Assign) and "KIND" in map(ast.unparse, node.targets):
            break
    else:
        return None
    try:
        return ast.literal_eval(node.value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: KIND has more than plain values ({error})") from error


def parsed(path: str | os.PathLike) -> ast.Module:
    """The syntax tree of a file, without docstrings. Raises ValueError where it is no Python."""
    try:
        return files.parsed(Path(path).read_bytes(), str(path))
    except SyntaxError as error:
        raise ValueError(f"{path}, line {error.lineno}: no Python ({error.msg})") from error


def load(path: str | os.PathLike) -> ModuleType:
    """Import a file from any folder; it may import other files of its folder."""
    path = Path(path)
    sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"hw1_kind_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def as_declared(
    path: str | os.PathLike, table: str, columns: list[str], rows: Iterable[dict]
) -> Iterator[dict]:
    """Yield the rows of a table. Raises ValueError where one has not the columns of KIND."""
    for row in rows:
        if list(row) != columns:
            raise ValueError(
                f"{path}: a row of the table {table!r} has the columns {', '.join(row)}, but KIND "
                f"says {', '.join(columns)}"
            )
        yield row
