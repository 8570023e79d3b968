"""What a script consists of: source files, and the packages that they need."""

import functools
import importlib.metadata
import os
import sys
from hashlib import sha256
from modulefinder import ModuleFinder
from pathlib import Path

from hw1.files import content_digest
from hw1_workflow.entries import Kind


@functools.cache
def sources(script: Path, *folders: Path) -> tuple[Path, ...]:
    """`script` and every module in `folders` that it imports, directly or not, sorted.

    Follows the import statements, also those inside functions, without running anything.
    """
    finder = ModuleFinder(path=[*map(str, folders)])
    finder.run_script(str(script))
    # typeshed's Module has no attributes.
    found = {module.__file__ for module in finder.modules.values()}  # type: ignore[attr-defined]
    return tuple(sorted({Path(file) for file in found if file}))


ROOT = Path(__file__).parents[2]


def code(script: str, kind: Kind | None = None) -> tuple[Path, ...]:
    """A script, by its name, the file of a kind that it loads, and the modules that they import, of
    hw1 or beside the kind."""
    return code_of(script, kind.file if kind else None)


@functools.cache
def code_of(script: str, kind: Path | None) -> tuple[Path, ...]:
    found = {*sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")}
    if kind:
        found |= {*sources(kind, ROOT / "src", kind.parent)}
    return tuple(sorted(found))


def digest(script: str, kind: Kind | None = None) -> str:
    """Digest of what that code does: an edit runs a job again, but not one of comments."""
    return digest_of_files(code(script, kind))


@functools.cache
def digest_of_files(files: tuple[Path, ...]) -> str:
    return sha256(b"".join(map(content_digest, files))).hexdigest()


def missing(packages: list[str]) -> list[str]:
    """Which of `packages` this Python has not installed.

    What PYTHONPATH brings does not count: jobs run without it.
    """
    borrowed = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [entry for entry in sys.path if entry not in borrowed]
    return [
        name for name in packages if not any(importlib.metadata.distributions(name=name, path=path))
    ]


def run_jobs_with(python: str) -> None:
    """Have workflow/python.sh, which the jobs begin with, find this Python."""
    os.environ["HW1_PYTHON"] = python
