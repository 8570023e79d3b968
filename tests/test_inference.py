"""Intervals, exact tests and corrections against values worked out by hand or by enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw1.inference import (
    binomial_tail,
    holm,
    median_interval,
    pseudo_values,
    seeds_needed,
    share_interval,
    spearman,
)


def test_binomial_tail_by_hand():
    # Of 4 tosses 3 or 4 heads: (4 + 1) / 16.
    assert binomial_tail(3, 4, 0.5) == pytest.approx(5 / 16)
    assert binomial_tail(0, 4, 0.5) == 1
    assert binomial_tail(3, 3, 0.1) == pytest.approx(0.001)


@given(st.integers(0, 8), st.integers(1, 8), st.sampled_from([0.2, 0.5, 0.9]))
def test_binomial_tail_equals_enumeration(k, n, share):
    outcomes = (sum(bits) for bits in product((0, 1), repeat=n))
    expected = sum(share**s * (1 - share) ** (n - s) for s in outcomes if s >= k)
    assert binomial_tail(k, n, share) == pytest.approx(expected)


def test_median_intervals_by_hand():
    # A median lies outside the least and greatest of n with 2 / 2**n: 1 / 16 of 5, 1 / 32 of 6.
    assert median_interval(np.arange(5.0)) is None
    assert median_interval(np.array([3.0, 1, 4, 1, 5, 9])) == (1, 9)
    # Of 7 values the least and greatest (98.4 %); the second of each, 87.5 %, are too few.
    assert median_interval(np.arange(7.0)) == (0, 6)
    # Of 12 the third of each side: 2 (1 + 12 + 66) / 4096 = 3.9 %.
    assert median_interval(np.arange(12.0)) == (2, 9)
    assert median_interval(np.full(9, 2.5)) == (2.5, 2.5)


@given(st.lists(st.integers(-3, 3), min_size=6, max_size=30), st.integers(-3, 3))
def test_an_interval_of_a_median_is_the_tests_own(values, border):
    values = np.array(values, float)
    low, high = median_interval(values)
    above = binomial_tail(int((values > border).sum()), len(values), 0.5)
    below = binomial_tail(int((values < border).sum()), len(values), 0.5)
    assert (low > border) == (above <= 0.025)
    assert (high < border) == (below <= 0.025)


def test_share_interval_by_hand():
    # None of 12: the upper end has (1 - p)**12 = 0.025.
    low, high = share_interval(0, 12)
    assert (low, high) == (0, pytest.approx(1 - 0.025 ** (1 / 12)))


def test_seeds_needed_by_hand():
    # All as claimed: 2**-n <= 0.00125 from n = 10 on.
    assert seeds_needed(4, 4, 0.5, 0.00125) == 10
    assert seeds_needed(2, 4, 0.5, 0.00125) is None
    # Nearly a half takes more than is worth to be named.
    assert seeds_needed(501, 1000, 0.5, 0.00125) is None
    more = seeds_needed(9, 12, 0.5, 0.00125)
    assert binomial_tail(int(0.75 * more), more, 0.5) <= 0.00125


def test_pseudo_values_of_terms_of_members_are_those_terms():
    # A pair's number is 5 and a term for each of both: a member contributes 5 + 2 x its term.
    terms = np.array([0.5, -2.0, 3.0, 0.25])
    pairs = 5 + terms[:, None] + terms[None, :]
    np.fill_diagonal(pairs, np.nan)
    assert pseudo_values(pairs) == pytest.approx(5 + 2 * terms)


def test_pseudo_values_have_the_mean_of_the_pairs():
    pairs = np.array([[0, 1, 2], [1, 0, 6], [2, 6, 0.0]])
    # U = 3; without each: 6, 2, 1, so 3 U - 2 x that: -3, 5, 7.
    assert pseudo_values(pairs) == pytest.approx([-3, 5, 7])
    assert pseudo_values(pairs).mean() == pytest.approx(3)


def test_holm_by_hand():
    # Smallest times 3, next times 2, and never below the one before.
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    # Of five tests in all, two of which were not made.
    assert holm([0.01, 0.04, 0.03], 5) == pytest.approx([0.05, 0.12, 0.12])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_keeps_the_order_and_only_raises(p_values):
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values))
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


def test_spearman_of_something_constant_is_zero():
    assert spearman(np.arange(4), np.array([1.0, 2, 4, 8])) == pytest.approx(1)
    assert spearman(np.arange(4), np.ones(4)) == 0
