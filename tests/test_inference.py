"""Evidence, intervals and corrections against values worked out by hand or by integration."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import integrate

from hw1.claims.inference import (
    evidence,
    holm,
    median_interval,
    seeds_needed,
    share_interval,
    spearman,
)

SHARES = st.floats(0.02, 0.98)
COUNTS = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_evidence_by_hand():
    # Of one success against one half: twice the mean of p, weighted by (1 - p)^(-1/2) on (1/2, 1),
    # which is 5/6; of one failure twice that of 1 - p, 1/6.
    assert evidence(1, 1, 0.5) == pytest.approx(5 / 3)
    assert evidence(0, 1, 0.5) == pytest.approx(1 / 3)
    assert evidence(2, 2, 0.5) == pytest.approx(43 / 15)  # 4 (1 - 1/3 + 1/20)
    rounded = {(10, 10): 391, (11, 11): 749, (12, 12): 1438, (16, 16): 20068}
    rounded |= {(11, 12): 60, (15, 16): 627}
    for (successes, n), expected in rounded.items():
        assert round(evidence(successes, n, 0.5)) == expected, (successes, n)


def test_evidence_at_its_ends():
    for share in (0.0, 0.05, 0.5, 0.9, 1.0):
        assert evidence(0, 0, share) == pytest.approx(1), share  # of no trials there is none
    assert evidence(1, 9, 0.0) == math.inf  # what never happens did
    assert evidence(0, 9, 0.0) == evidence(9, 9, 1.0) == 1  # nothing is more than always
    assert evidence(0, 5000, 0.5) < 1e-6
    assert 1e100 < evidence(5000, 5000, 0.5) < math.inf


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("successes, n", [(0, 0), (1, 3), (3, 3), (7, 12), (12, 12), (2, 20)])
def test_evidence_is_the_mixture_of_likelihood_ratios(successes, n, share):
    def ratio(p):
        return (p / share) ** successes * ((1 - p) / (1 - share)) ** (n - successes)

    # The weight (1 - p)^(-1/2) is the integrator's own, since it is infinite at 1.
    mixture, _ = integrate.quad(ratio, share, 1, weight="alg", wvar=(0, -0.5))
    weight, _ = integrate.quad(lambda p: 1, share, 1, weight="alg", wvar=(0, -0.5))
    assert evidence(successes, n, share) == pytest.approx(mixture / weight, rel=1e-6)


def expected_next(successes, n, probability, share):
    """What the evidence is on average after one more trial of such a probability."""
    success, failure = evidence(successes + 1, n + 1, share), evidence(successes, n + 1, share)
    return probability * success + (1 - probability) * failure


@given(COUNTS, SHARES)
def test_nobody_can_expect_to_win_at_the_border(counts, share):
    successes, n = counts
    now = evidence(successes, n, share)
    assert now >= 0
    assert expected_next(successes, n, share, share) == pytest.approx(now, rel=1e-6, abs=1e-9)


@given(COUNTS, SHARES, st.floats(0, 1))
def test_below_the_border_one_loses(counts, share, part):
    now = evidence(*counts, share)
    assert expected_next(*counts, part * share, share) <= now * (1 + 1e-6) + 1e-9


def test_evidence_reaches_its_inverse_as_seldom_as_ville_says():
    # By the distribution of all that is not there yet, trial by trial, at the border.
    waiting, reached = np.array([1.0]), 0.0
    for n in range(1, 301):
        waiting = 0.5 * (np.append(waiting, 0) + np.insert(waiting, 0, 0))
        there = np.array([evidence(x, n, 0.5) >= 40 for x in range(n + 1)])
        reached += waiting[there].sum()
        waiting[there] = 0
    assert 0.01 < reached <= 1 / 40


def test_median_intervals_by_hand():
    # A border beyond all of n values takes an evidence of 40: 6 of 6 give 31, 7 of 7 58.
    assert median_interval(np.arange(6.0)) is None
    assert median_interval(np.array([3.0, 1, 4, 1, 5, 9, 2])) == (1, 9)
    assert median_interval(np.array([])) is None
    # 10 of 11 give 34, 11 of 12 60: from 12 on one value may lie beyond; 14 of 16 give 47.
    assert median_interval(np.arange(11.0)) == (0, 10)
    assert median_interval(np.arange(12.0)) == (1, 10)
    assert median_interval(np.arange(16.0)) == (2, 13)
    assert median_interval(np.full(9, 2.5)) == (2.5, 2.5)


@given(st.lists(st.integers(-3, 3), min_size=7, max_size=40), st.integers(-3, 3))
def test_a_border_lies_outside_a_median_interval_exactly_when_the_evidence_says(values, border):
    values = np.array(values, float)
    low, high = median_interval(values)
    above = evidence(int((values > border).sum()), len(values), 0.5)
    below = evidence(int((values < border).sum()), len(values), 0.5)
    assert (low > border) == (above >= 40)
    assert (high < border) == (below >= 40)


def test_share_interval_by_hand():
    # One of one: the mean of p above b is (2 + b) / 3, which is 40 times b at 2 / 119.
    assert share_interval(1, 1) == (pytest.approx(2 / 119), 1)
    assert share_interval(0, 1) == (0, pytest.approx(117 / 119))
    assert share_interval(0, 0) == (0, 1)
    low, high = share_interval(0, 12)
    assert low == 0 and evidence(12, 12, 1 - high) == pytest.approx(40)


@given(COUNTS, SHARES)
def test_a_border_lies_outside_a_share_interval_exactly_when_the_evidence_says(counts, share):
    successes, n = counts
    low, high = share_interval(successes, n)
    assert 0 <= low <= high <= 1
    assume(min(abs(share - low), abs(share - high)) > 1e-6)
    assert (low > share) == (evidence(successes, n, share) >= 40)
    assert (high < share) == (evidence(n - successes, n, 1 - share) >= 40)


def test_seeds_needed_by_hand():
    # Where all agree 11 give 749 and 12 1438, of 800 needed; 6 give 31 and 7 58, of 40.
    assert seeds_needed(4, 4, 0.5, 800) == 12
    assert seeds_needed(4, 4, 0.5, 40) == 7
    # Not half of the seeds, or no more than half, never do.
    assert seeds_needed(2, 4, 0.5, 800) is None
    assert seeds_needed(1, 4, 0.5, 800) is None
    assert seeds_needed(0, 0, 0.5, 800) is None
    # 11 of 20 would take more than is worth to be named.
    assert evidence(1650, 3000, 0.5) > 800 > evidence(550, 1000, 0.5)
    assert seeds_needed(11, 20, 0.5, 800) is None
    # Three of four: no fewer do.
    more = seeds_needed(9, 12, 0.5, 800)
    enough = [n for n in range(1, more + 1) if evidence(3 * n // 4, n, 0.5) >= 800]
    assert enough == [more]
    # As many as are needed are there.
    assert seeds_needed(15, 16, 0.5, 627) == 16


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


def test_spearman_of_something_constant_is_zero():
    assert spearman(np.arange(4), np.array([1.0, 2, 4, 8])) == pytest.approx(1)
    assert spearman(np.arange(4), np.ones(4)) == 0
