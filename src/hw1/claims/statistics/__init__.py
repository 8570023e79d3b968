"""What claims are decided by: statistics of the tables, a value for each seed.

A statistic is a function of this package that returns a `Sample`. It takes the tables by name (data
frames with the columns of docs/results.md) and what a part of a claim has under `of`
(workflow/claims.yaml), and pairs its arms by seed. It raises Missing where the tables lack what it
needs or cannot be right.
"""

import inspect
from collections.abc import Callable

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

STATISTICS: dict[str, Callable[..., Sample]] = {
    name: function
    for module in (final, course, distances, predictions, line, size, units, landscape)
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and function.__annotations__["return"] is Sample
}
