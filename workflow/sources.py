"""What a script consists of: source files, and the packages that they need."""

import functools
import importlib.metadata
import os
import sys
from modulefinder import ModuleFinder
from pathlib import Path


@functools.cache
def sources(script: Path, package_root: Path) -> tuple[Path, ...]:
    """`script` and every module below `package_root` that it imports, directly or not, sorted.

    Follows the import statements, also those inside functions, without running anything.
    """
    finder = ModuleFinder(path=[str(package_root)])
    finder.run_script(str(script))
    files = {Path(module.__file__) for module in finder.modules.values() if module.__file__}
    return tuple(sorted(files))


def missing(packages: list[str]) -> list[str]:
    """Which of `packages` this Python has not installed.

    What PYTHONPATH brings does not count: jobs run without it.
    """
    borrowed = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [entry for entry in sys.path if entry not in borrowed]
    return [
        name for name in packages if not any(importlib.metadata.distributions(name=name, path=path))
    ]
