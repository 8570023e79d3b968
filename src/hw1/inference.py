"""What a sample says about the population it is from: intervals, exact tests, corrections.

Intervals are at 95 %. Bootstraps draw from a generator with a fixed seed: the same values give
the same interval.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

RESAMPLES = 9999


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927)."""
    interval = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def bootstrap(sample: np.ndarray, statistic: Callable[..., np.ndarray]) -> tuple[float, float]:
    """Bias-corrected and accelerated bootstrap interval (Efron 1987) of `statistic` of `sample`.

    `sample` has shape (n,); `statistic` takes an array and an axis. A sample without any
    variation has the interval that is its value. Where ties leave the acceleration undefined
    (0 / 0) the interval is that of the percentiles.
    """
    if len(np.unique(sample)) == 1:
        value = float(statistic(sample, axis=0))
        return value, value
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            interval = stats.bootstrap(
                (sample,),
                statistic,
                n_resamples=RESAMPLES,
                vectorized=True,
                method=method,
                rng=np.random.default_rng(0),
            ).confidence_interval
        if np.isfinite([interval.low, interval.high]).all():
            break
    return float(interval.low), float(interval.high)


EXACT = 40  # values; more would take too many sums


def sign_flip(differences: np.ndarray) -> float:
    """Two-sided p of the sign-flip permutation test of a mean of zero (Fisher 1935).

    The share of the 2**n choices of signs of `differences`, shape (n,), whose sum is at least as
    far from zero as the one observed. Exact up to 40 values: sums of two halves are combined, so
    30 values take 2 x 2**15 sums instead of 2**30. Beyond that 99 999 choices are drawn.
    """
    n = len(differences)
    # Sums that are equal on paper differ in the last digits.
    observed = abs(differences.sum()) - 1e-9 * np.abs(differences).sum()
    if n > EXACT:
        random, drawn = np.random.default_rng(0), 99_999
        sums = [differences @ random.choice((-1, 1), n) for _ in range(drawn)]
        return (1 + int((np.abs(sums) >= observed).sum())) / (1 + drawn)
    first, second = (_signed_sums(half) for half in (differences[: n // 2], differences[n // 2 :]))
    second.sort()
    above = len(second) - np.searchsorted(second, observed - first, side="left")
    below = np.searchsorted(second, -observed - first, side="right")
    # At an observed sum of about zero every choice counts, and both counts hold some of them.
    return min(1.0, float((above + below).sum()) / 2**n)


def _signed_sums(values: np.ndarray) -> np.ndarray:
    """The 2**n sums of `values` over all choices of signs."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def smallest_p(n: int) -> float:
    """The smallest p that `sign_flip` can give for n values: all of one sign."""
    return 2.0 ** (1 - n)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjusted p-values, in the order given."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(1.0, largest)
    return adjusted


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one of them does not vary, which then says nothing."""
    if len(np.unique(x)) == 1 or len(np.unique(y)) == 1:
        return 0.0
    return float(stats.spearmanr(x, y).statistic)
