"""Claims and the rules that decide them (workflow/claims.yaml explains them)."""

import math
from os import PathLike
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hw1.settings.values import Noun, Text
from hw1.settings.yaml_files import load

Side = tuple[Literal["above", "below"], float]  # of a number, and the number


def opposite(side: str) -> Literal["above", "below"]:
    """The other side."""
    return "below" if side == "above" else "above"


class Region(Noun, frozen=True, kw_only=True):
    """Where the median or the share has to lie: one of these"""

    above: float | None = None
    "More than this"
    below: float | None = None
    "Less than this"
    within: Annotated[tuple[float, ...], Meta(min_length=2, max_length=2)] | None = None
    "From the first to the second"

    @property
    def sides(self) -> list[Side]:
        """The conditions that make it up: above a number, below one, or both."""
        if self.within:
            return [("above", self.within[0]), ("below", self.within[1])]
        if self.above is not None:
            return [("above", self.above)]
        assert self.below is not None
        return [("below", self.below)]

    def meets(self, other: "Region") -> bool:
        """Whether some number lies in both."""
        sides = [*self.sides, *other.sides]
        low = max((bound for side, bound in sides if side == "above"), default=-math.inf)
        high = min((bound for side, bound in sides if side == "below"), default=math.inf)
        return low < high or (low == high and self.has(low) and other.has(low))

    def has(self, number: float) -> bool:
        """Whether an exact number lies in it; a range includes its ends."""
        if self.within:
            return self.within[0] <= number <= self.within[1]
        ((side, bound),) = self.sides
        return number > bound if side == "above" else number < bound


One = Meta(extra_json_schema={"minProperties": 1, "maxProperties": 1})
OneRegion = Annotated[Region, One]


class Reading(Noun, frozen=True, kw_only=True):
    """What to say of a confirmed part, by whether it is shown to lie in a region"""

    where: OneRegion
    "The region"
    inside: Text
    "What it is called there"
    outside: Text
    "What it is called elsewhere"


class Rule(Noun, frozen=True, kw_only=True):
    """What decides a part of a claim."""

    measure: Text
    "What is measured"
    unit: Text | None = None
    "Its unit"
    statistic: str
    "A function of hw1.claims.statistics or of an extension"
    of: dict[str, Any]
    "Arguments of the statistic"
    stated: Text | None = None
    "The report's number"
    reported: float | None = None
    "What the report's one run gave, in the unit of the measure"
    decides: bool = True
    "False of a part that stands beside the others and decides nothing"
    confirmed: OneRegion
    "Where the median or the share has to lie"
    refuted: Annotated[Region | None, One] = None
    "Where it has to lie to refute the claim; anywhere else if left out"
    reading: Reading | None = None
    "What to say of a confirmed part, by whether it is shown to lie in a region"

    @property
    def refuting(self) -> list[Side]:
        """The conditions that refute it; each is enough."""
        if self.refuted:
            return self.refuted.sides
        return [(opposite(side), bound) for side, bound in self.confirmed.sides]


class Claim(Noun, frozen=True, kw_only=True):
    """A claim and its parts."""

    id: Annotated[str, Meta(pattern="^[A-Z][0-9]{1,3}$", title="a letter and a number")]
    "A letter and a number"
    experiment: str | None
    "Whose tables decide it; null for several"
    where: Text
    "Where the report or a paper says it"
    claim: Text
    "The claim in our words"
    read_as: Text | None = None
    "What the rule takes the claim to mean"
    known: Text
    "What is known before, as what the report's own figures show"
    parts: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    "Its parts: all confirm it, one refutes it"

    @property
    def tested(self) -> bool:
        """Whether there is chance in it: not all its parts are counts."""
        return any(rule.statistic != "parameter_count" for rule in self.parts)


Claims = Annotated[list[Claim], Meta(min_length=1)]


def read(path: str | PathLike[str]) -> list[Claim]:
    """The claims of a file that was checked."""
    return msgspec.convert(load(str(path)).content, list[Claim])
