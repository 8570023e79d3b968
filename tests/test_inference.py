"""Intervals, exact tests and corrections against values worked out by hand or by enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hw1.inference import bootstrap, holm, sign_flip, smallest_p, spearman, wilson


def test_wilson_interval():
    # Centre and half-width with z = 1.96: (k + z^2 / 2) / (n + z^2) for k = 8 of n = 10.
    low, high = wilson(8, 10)
    z = 1.959964
    centre = (8 + z**2 / 2) / (10 + z**2)
    half = z / (10 + z**2) * np.sqrt(8 * 2 / 10 + z**2 / 4)
    assert (low, high) == pytest.approx((centre - half, centre + half), abs=1e-6)
    assert wilson(0, 6)[0] == 0 and wilson(6, 6)[1] == 1


def test_sign_flip_by_hand():
    # Only two of the 2**5 choices are as far out as all of one sign.
    assert sign_flip(np.array([1.0, 2, 3, 4, 5])) == 2 / 32
    # 1 + 1 - 1 = 1: every choice of signs has a sum of at least 1 in size.
    assert sign_flip(np.array([1.0, 1, -1])) == 1
    assert sign_flip(np.zeros(6)) == 1
    assert sign_flip(np.array([3.0])) == 1


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9))
def test_sign_flip_equals_enumeration(values):
    values = np.array(values, float) / 10  # ties that are inexact in binary
    sums = [abs(np.dot(signs, values)) for signs in product((1, -1), repeat=len(values))]
    expected = np.mean(np.array(sums) >= abs(values.sum()) - 1e-9)
    assert sign_flip(values) == pytest.approx(expected)


def test_sign_flip_of_many_values_is_exact_and_of_more_drawn():
    assert sign_flip(np.arange(1.0, 31)) == smallest_p(30) == 2.0**-29
    assert sign_flip(np.ones(41)) == 1 / 100_000
    random = np.random.default_rng(0)
    values = random.normal(0.3, 1, 41)
    # The same test by the normal distribution, which its statistic is close to.
    expected = 2 * stats.norm.sf(abs(values.sum()) / np.sqrt((values**2).sum()))
    assert sign_flip(values) == pytest.approx(expected, rel=0.1)


def test_holm_by_hand():
    # Smallest times 3, next times 2, and never below the one before.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_only_raises(p_values):
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


def test_bootstrap_interval_covers_and_repeats():
    random = np.random.default_rng(0)
    samples = [random.normal(3, 1, 25) for _ in range(200)]
    intervals = [bootstrap(sample, np.mean) for sample in samples]
    covered = np.mean([low <= 3 <= high for low, high in intervals])
    assert 0.89 <= covered <= 0.99  # 95 %, within three standard errors of 200 draws and n = 25
    assert bootstrap(samples[0], np.mean) == intervals[0]


def test_bootstrap_of_ties():
    assert bootstrap(np.full(6, 2.5), np.median) == (2.5, 2.5)
    # The medians with one value left out are all 2, so the acceleration is 0 / 0.
    low, high = bootstrap(np.array([1.0, 2, 2, 2, 2, 2]), np.median)
    assert 1 <= low <= high == 2


def test_spearman_of_something_constant_is_zero():
    assert spearman(np.arange(4), np.array([1.0, 2, 4, 8])) == pytest.approx(1)
    assert spearman(np.arange(4), np.ones(4)) == 0
