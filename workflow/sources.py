"""Which source files a script consists of."""

import functools
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
