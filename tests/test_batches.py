"""Batches of seeds: their names, and how seeds are cut into them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw1.settings import batches


def test_names_of_batches():
    for seeds, name in (
        ([3], "seed3"), ([0, 1, 2], "seeds0-2"), ([2, 0, 1], "seeds0-2"), ([0, 2], "seeds0+2"),
        ([0, 1, 2, 5, 7, 8], "seeds0-2+5+7-8"), ([9, 10], "seeds9-10"),
    ):  # fmt: skip
        assert batches.name(seeds) == name
        assert batches.seeds_of(name) == sorted(seeds)


@given(st.sets(st.integers(0, 60) | st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_a_name_gives_back_its_seeds_and_is_one_that_rules_know(seeds):
    name = batches.name(seeds)
    assert batches.seeds_of(name) == sorted(seeds)
    assert re.fullmatch(batches.PATTERN, name)


@pytest.mark.parametrize("name", ["best", "seed", "seeds2-0", "seeds0--1"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError):
        batches.seeds_of(name)


def test_seeds_added_at_the_end_leave_the_batches_before_alone():
    assert batches.cut([5, 2, 9, 4, 7], 2) == ["seeds2+5", "seeds4+9", "seed7"]
    assert batches.cut([5, 2, 9, 4, 7, 8, 1], 2) == ["seeds2+5", "seeds4+9", "seeds7-8", "seed1"]
    assert batches.cut(batches.seed_list("3-7"), 3) == ["seeds3-5", "seeds6-7"]


@given(st.sets(st.integers(0, 30), min_size=1, max_size=9).flatmap(lambda s: st.permutations([*s])))
def test_seeds_stand_in_one_order_however_they_are_written_and_cut(seeds):
    for size in (1, 2, 5):
        cut = batches.cut(batches.seed_list(seeds), size)
        assert [seed for batch in cut for seed in batches.seeds_of(batch)] == sorted(seeds)
