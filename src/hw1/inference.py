"""What a sample says about the population it is from: exact tests, their intervals, corrections.

One test serves all: of independent values, how many lie beyond a number is binomial, whatever
their distribution (the sign test, Arbuthnott 1710). Its inversion gives the intervals, so that an
interval reaches across a number exactly where the test does not tell which side it lies on.
"""

import functools
from collections.abc import Sequence

import numpy as np
from scipy import stats

LEVEL = 0.05  # that an interval misses what it is of, or that any verdict of a list is wrong
MOST_SEEDS = 1000  # more are not worth to be named


@functools.cache
def binomial_tail(successes: int, n: int, share: float) -> float:
    """Probability of at least so many successes in n trials, each with probability `share`."""
    return float(stats.binom.sf(successes - 1, n, share))


def median_interval(values: np.ndarray) -> tuple[float, float] | None:
    """Interval of a median by order statistics (Thompson 1936), at 95 % or the next level above.

    Of 7 values it is the least and the greatest (98.4 %). None where even these hold the median
    less often than that, of fewer than 6 values.
    """
    low, high = stats.quantile_test(values, p=0.5).confidence_interval(1 - LEVEL)
    return None if np.isnan(low) else (float(low), float(high))


def share_interval(successes: int, n: int) -> tuple[float, float]:
    """Exact 95 % interval of a share (Clopper and Pearson 1934)."""
    interval = stats.binomtest(successes, n).proportion_ci(1 - LEVEL, method="exact")
    return float(interval.low), float(interval.high)


def seeds_needed(successes: int, n: int, share: float, level: float) -> int | None:
    """How many trials bring `binomial_tail` down to a level, of which as large a part succeeds as
    of the n observed; None where the part is no larger than `share`, or that takes over 1000."""
    if not successes > share * n:
        return None
    for trials in range(1, MOST_SEEDS + 1):
        # As many as observed, or the next whole number below.
        if binomial_tail(int(successes / n * trials + 1e-9), trials, share) <= level:
            return trials
    return None


def pseudo_values(pairs: np.ndarray) -> np.ndarray:
    """The jackknife's pseudo-values of a mean over pairs (Tukey 1958; Arvesen 1969).

    `pairs` (n, n), symmetric, holds a number for each pair of n >= 3 members; its diagonal is not
    looked at. What each member contributes to the mean, (n,): where a pair's number is a constant
    and a term for each of its two members they are independent, as pairs that share a member never
    are.
    """
    n = len(pairs)
    sums = np.where(np.eye(n, dtype=bool), 0, pairs).sum(axis=1)
    mean = sums.sum() / (n * (n - 1))
    without = (sums.sum() - 2 * sums) / ((n - 1) * (n - 2))
    return n * mean - (n - 1) * without


def holm(p_values: Sequence[float], tests: int | None = None) -> list[float]:
    """Holm's (1979) step-down adjusted p-values, in the order given, of so many tests in all: what
    is not given has no small p."""
    adjusted = [0.0] * len(p_values)
    largest, tests = 0.0, max(tests or 0, len(p_values))
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(order):
        largest = max(largest, (tests - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one of them does not vary, which then says nothing.

    Without the last digits of its floats: a correlation of 0.8 lies at a border of 0.8.
    """
    if len(np.unique(x)) == 1 or len(np.unique(y)) == 1:
        return 0.0
    return round(float(stats.spearmanr(x, y).statistic), 9)
