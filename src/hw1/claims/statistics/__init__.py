"""The statistics that decide claims: of the tables, a value for each seed.

A statistic is a function of this package that returns a `Sample`. It takes the tables by name (data
frames with the columns of docs/results.md) and what a part of a claim has under `of`
(workflow/claims.yaml), and pairs its arms by seed. It raises Missing if the tables lack what it
needs or cannot be right.
"""

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

from hw1.claims.sample import Sample
from hw1.claims.statistics import (
    course,
    distances,
    final,
    landscape,
    line,
    predictions,
    size,
    units,
)
from hw1.settings import kinds

STATISTICS: dict[str, Callable[..., Sample]] = {}


def add(module: ModuleType) -> None:
    """Let claims use the statistics that a module defines."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        own = function.__module__ == module.__name__
        # Annotations are text in a file that imports them from __future__.
        if own and function.__annotations__.get("return") in (Sample, "Sample"):
            STATISTICS[name] = function


for module in (final, course, distances, predictions, line, size, units, landscape):
    add(module)


def load(files: Iterable[Path]) -> None:
    """Let claims use the statistics of the files of extensions, too."""
    for file in files:
        add(kinds.load(file))
