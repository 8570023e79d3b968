"""The source files of a script, and the packages that they need."""

import ast
import functools
import importlib.metadata
import os
import sys
from hashlib import sha256
from pathlib import Path

from hw1.results.files import content_digest, statements
from hw1.settings import kinds
from hw1.settings.entries import ROOT


@functools.cache
def imported(file: Path, folders: tuple[Path, ...]) -> set[Path]:
    """The files below `folders` that a file imports, also inside functions."""
    found: set[Path] = set()
    for node in statements(kinds.parsed(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= files_of(alias.name, folders)
        elif isinstance(node, ast.ImportFrom):
            places = (file.parents[node.level - 1],) if node.level else folders
            base = f"{node.module}." if node.module else ""
            for alias in node.names:  # a name of the module, or a module of the package
                found |= files_of(base + alias.name, places)
    return found


@functools.cache
def files_of(module: str, folders: tuple[Path, ...]) -> set[Path]:
    """The files that run when a module is imported: those of its packages, and its own."""
    found = set()
    for folder in folders:
        for part in module.split("."):
            folder /= part
            places = (folder / "__init__.py", folder.with_name(f"{part}.py"))
            found |= {place for place in places if place.is_file()}
    return found


@functools.cache
def sources(script: Path, *folders: Path) -> tuple[Path, ...]:
    """`script` and every module in `folders` that it imports, directly or not, sorted.

    Follows the import statements without running anything. (So does the standard library's
    modulefinder, which takes ten times as long for all scripts.)
    """
    found, new = {script}, [script]
    while new:
        reached = imported(new.pop(), folders) - found
        found |= reached
        new += reached
    return tuple(sorted(found))


def code(script: str, kind: Path | None = None) -> tuple[Path, ...]:
    """A script, by its name, the file of a kind that it loads, and the modules that these import,
    from hw1 or from the kind's folder."""
    found = {*sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")}
    if kind:
        found |= {*sources(kind, ROOT / "src", kind.parent)}
    return tuple(sorted(found))


@functools.cache
def digest(script: str, kind: Path | None = None) -> str:
    """Digest of that code without comments, docstrings and layout, whose edits run nothing
    again."""
    return sha256(b"".join(map(content_digest, code(script, kind)))).hexdigest()


# Packages that jobs import; a missing one is reported before any job runs.
PACKAGES = "torch torchvision numpy scipy scikit-learn pandas matplotlib jinja2".split()
PACKAGES += "markupsafe pillow filelock msgspec pyyaml".split()


def run_jobs_with(python: str) -> None:
    """Have workflow/python.sh, with which the jobs begin, find this Python.

    Raises ValueError if it is the Python that runs here and lacks a package. Packages in PYTHONPATH
    do not count, since jobs run without it.
    """
    os.environ["HW1_PYTHON"] = python
    if python != sys.executable:  # Snakemake makes its environment
        return
    borrowed = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [entry for entry in sys.path if entry not in borrowed]
    if absent := [
        name for name in PACKAGES if not any(importlib.metadata.distributions(name=name, path=path))
    ]:
        raise ValueError(
            f"{python} has no {', '.join(absent)}: run Snakemake with a Python that has the "
            "packages of envs/requirements.txt (make installs them in .venv), or with --sdm conda"
        )
