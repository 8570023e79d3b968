"""What claims are decided by: statistics of the tables, a value for each seed.

A statistic is a function of this package that returns a `Sample`. It takes the tables by name (data
frames with the columns of docs/results.md) and what a part of a claim has under `of`
(workflow/claims.yaml), and pairs its arms by seed. It raises Missing where the tables lack what it
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
    """Have the statistics that a module defines decide claims."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        own = function.__module__ == module.__name__
        # As text where a file has its annotations so, by an import from __future__.
        if own and function.__annotations__.get("return") in (Sample, "Sample"):
            STATISTICS[name] = function


for module in (final, course, distances, predictions, line, size, units, landscape):
    add(module)


def load(files: Iterable[Path]) -> None:
    """Have the statistics of files decide claims, too: those of extensions."""
    for file in files:
        add(kinds.load(file))
