"""What a sample says about its population, however often one looks at it.

One test serves all: the number of independent values beyond a bound is binomial, whatever their
distribution. The evidence is an e-value: how much more likely the values are if more of them lie
there than by chance, than if they do not. One may look at it after every value: by chance alone, it
ever reaches 1/a with a probability of at most a (Ville 1939; Ramdas, Gruenwald, Vovk and Shafer
2023). An interval holds the borders that it does not reject, so it is valid at any time as well.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, special, stats

LEVEL = 0.05  # probability that an interval ever misses, or that any verdict of a list is wrong
SIDE = LEVEL / 2  # of either side
MOST_SEEDS = 1000  # more are not worth naming


@functools.cache
def evidence(successes: int, n: int, share: float) -> float:
    """The e-value of so many successes in n trials against a probability of `share` at most.

    It is the likelihood ratio against `share`, averaged over all probabilities p above it with a
    weight proportional to (1 - p)^(-1/2), which favours trials that agree (Robbins 1970). It is 1
    without trials; 10 of 10 against one half give 391.
    """
    if share <= 0:  # one success is enough against what never happens
        return math.inf if successes else 1.0
    if share >= 1:
        return 1.0
    failures = n - successes
    above = special.betaincc(successes + 1, failures + 0.5, share)  # the weight above the share
    if above == 0:
        return 0.0
    logarithm = (
        special.betaln(successes + 1, failures + 0.5)
        + math.log(above)
        - math.log(2 * math.sqrt(1 - share))
        - successes * math.log(share)
        - failures * math.log1p(-share)
    )
    return float(np.exp(min(logarithm, 700)))  # a larger number would say no more


def median_interval(values: np.ndarray) -> tuple[float, float] | None:
    """Interval of a median by order statistics, at 95 % at any time (Howard and Ramdas 2022).

    With 7 values it goes from the least to the greatest; with fewer there is none.
    """
    ordered, n = np.sort(values), len(values)
    for k in range(n // 2 + 1, n + 1):  # the fewest on one side that reject a border
        if evidence(k, n, 0.5) >= 1 / SIDE:
            return float(ordered[n - k]), float(ordered[k - 1])
    return None


def share_interval(successes: int, n: int) -> tuple[float, float]:
    """Interval of a share, at 95 % at any time."""

    def least(k: int) -> float:
        """The least share that so many successes do not reject."""
        if k == 0:
            return 0.0
        reject = math.log(1 / SIDE)
        found = optimize.brentq(lambda p: math.log(evidence(k, n, p)) - reject, 1e-12, k / n)
        return float(found)

    return least(successes), 1 - least(n - successes)


def seeds_needed(successes: int, n: int, share: float, needed: float) -> int | None:
    """How many trials bring `evidence` to what is needed, if the rate of success stays as observed.
    None if this rate is at most `share`, or if it takes over 1000 trials."""
    if not successes > share * n:
        return None
    for trials in range(1, MOST_SEEDS + 1):
        # The successes at the observed rate, rounded down.
        if evidence(int(successes / n * trials + 1e-9), trials, share) >= needed:
            return trials
    return None


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjusted p-values, in the order given."""
    adjusted = [0.0] * len(p_values)
    largest, tests = 0.0, len(p_values)
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(order):
        largest = max(largest, (tests - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; 0 if x or y does not vary, since it then says nothing.

    It has no last digits of floats: a correlation of 0.8 lies at a border of 0.8.
    """
    if len(np.unique(x)) == 1 or len(np.unique(y)) == 1:
        return 0.0
    return round(float(stats.spearmanr(x, y).statistic), 9)
