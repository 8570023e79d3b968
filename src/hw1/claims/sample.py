"""A value for each seed: what a claim is about."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from hw1.claims.reading import Missing, paired


class Sample(NamedTuple):
    """A number for each seed (n,); the claim is about their median. In a `share` the numbers are
    yes (1) or no (0), and the claim is about how many say yes.

    `null` is the number that means no effect: 1 for a ratio, 0 for a difference, None if the values
    are no effects. A `counted` number is exact, and the same for all seeds. With `of_pairs` each
    value belongs to a pair of seeds, and no seed is in two pairs.

    Values are in the order of the seeds, and each depends only on its seed and earlier ones. So the
    values of more seeds begin with those of fewer, and looking in between does no harm.
    """

    values: np.ndarray
    share: bool = False
    null: float | None = None
    counted: bool = False
    of_pairs: bool = False

    @property
    def ratio(self) -> bool:
        return self.null == 1


def share(seeds: pd.Series) -> Sample:
    """Whether each seed has a property."""
    return Sample(seeds.to_numpy(float), share=True)


def median(seeds: pd.Series) -> Sample:
    """A value of each seed, which by itself is no effect."""
    return Sample(seeds.to_numpy(float))


def effect(seeds: pd.Series) -> Sample:
    """A difference, a slope or a correlation of each seed: 0 is no effect."""
    return Sample(seeds.to_numpy(float), null=0)


def percent(accuracies: pd.Series) -> pd.Series:
    """Accuracies, or differences of them, in percent.

    They are shares of a count of examples. As floats they have last digits that mean nothing, and
    might put them beside a border that they lie on.
    """
    return (100 * accuracies).round(9)


def percentage_points(first: pd.Series, second: pd.Series) -> Sample:
    """By how many percentage points the first of two accuracies of each seed is above the second.

    Raises TooFew where no seed has both.
    """
    first, second = paired(first, second)
    return effect(percent(first - second))


def ratio(first: pd.Series, second: pd.Series) -> Sample:
    """The ratio of two positive values of each seed.

    Raises Missing if the second is 0. If the first is 0, the ratio is the smallest there is.
    """
    first, second = paired(first, second)
    if (second == 0).any():
        raise Missing(f"seed {second.index[second == 0][0]}: a ratio to 0")
    return Sample((first / second).to_numpy(float), null=1)
