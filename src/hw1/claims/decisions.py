"""Verdicts: what the values of some seeds say about a list of claims, with its error rates.

One procedure for both sides (docs/decisions.md has its error rates and power, by simulation):

1. A part compares the median of its values, or a share, with the border that its rule names, by
   an exact test of each side (`hw1.inference.binomial_tail`). Nothing is assumed about how the
   values are distributed, but that seeds are independent.
2. A claim is confirmed by all of its parts: its p is the largest of theirs (Berger 1982). It is
   refuted by one: p is the smallest times the number of parts (Bonferroni).
3. Each claim of a list is tested on both sides, each at half the level, and Holm's correction is
   over all claims of the list, whether their experiments were built or not. So with 95 %
   probability all verdicts of a list are right, and what a claim takes does not depend on which
   other experiments were built.
4. What the size of an effect is called is read, at the level at which the claim was decided, from
   where the values lie in respect of the smallest effect that matters.
"""

import math
from collections.abc import Container
from typing import NamedTuple

import numpy as np

from hw1.claims.reading import Missing, Tables, TooFew
from hw1.claims.sample import Sample
from hw1.claims.statistics import STATISTICS
from hw1.inference import (
    LEVEL,
    MOST_SEEDS,
    binomial_tail,
    holm,
    median_interval,
    seeds_needed,
    share_interval,
)
from hw1.wording import VERDICTS

CONFIRMED, SMALLER, NO_DIFFERENCE, REFUTED, INCONCLUSIVE, NOT_ENOUGH, NOT_COMPUTED = VERDICTS
FEWEST = 6  # values of which the least and the greatest enclose the median in 95 % of cases


class Part(NamedTuple):
    """One measured part of a claim: its rule, its values, and the p of either side.

    `missing` says why there are no values; both p are 1 then. `verdict` is what it says by itself,
    at the level at which its claim was decided; `level` is that of one part of it.
    """

    rule: dict
    sample: Sample | None
    missing: str
    p_confirmed: float
    p_refuted: float
    verdict: str = NOT_COMPUTED
    level: float = 0.0

    @property
    def decides(self) -> bool:
        """Whether the claim depends on it; else it only stands beside it."""
        return self.rule.get("decides", True)

    @property
    def n(self) -> int | None:
        """The number of seeds; None for a count, and where nothing was measured."""
        return None if self.sample is None or self.sample.counted else len(self.sample.values)


class Finding(NamedTuple):
    """A claim, its parts and its verdict; `decisive` is the index of the part to look at first,
    `needed` how many seeds would decide an undecided one, if further ones are as these."""

    claim: dict
    parts: list[Part]
    p_confirmed: float | None
    p_refuted: float | None
    p_holm: float | None
    verdict: str
    decisive: int
    needed: int | None


# --- one part


def estimate(sample: Sample) -> float:
    """The share, the median or the count."""
    values = sample.values
    if sample.share:
        return float(values.mean())
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[middle])
    low, high = ordered[middle - 1], ordered[middle]
    # Of ratios the geometric mean: a median of ratios is 1 over that of their inverses.
    return float(math.sqrt(low * high) if sample.ratio else (low + high) / 2)


def interval(sample: Sample) -> tuple[float, float] | None:
    """The 95 % interval that fits the test; None of a count, and of fewer than 6 values."""
    if sample.counted or len(sample.values) < FEWEST:
        return None
    if sample.share:
        return share_interval(int(sample.values.sum()), len(sample.values))
    return median_interval(sample.values)


Side = tuple[str, float]  # above or below, and of which number


def beyond(sample: Sample, side: str, bound: float) -> tuple[int, int, float]:
    """How many of the values lie `above` or `below` a number, how many there are, and which share
    of them would at most if the median were that number. One that lies at it counts for no side."""
    values, n = sample.values, len(sample.values)
    if sample.share:
        yes = int(values.sum())
        return (yes, n, bound) if side == "above" else (n - yes, n, 1 - bound)
    return int((values > bound if side == "above" else values < bound).sum()), n, 0.5


def p_beyond(sample: Sample, side: str, bound: float) -> float:
    """p of the test whether the median, or the share, lies on a side of a number."""
    return binomial_tail(*beyond(sample, side, bound))


def p_of_count(count: float, region: dict, inside: bool) -> float:
    """0 where an exact number lies in a region, or outside of it, and 1 where not; a range has its
    ends in it."""
    ((side, bound),) = region.items()
    low, high = bound if side == "within" else (bound, bound)
    found = {"above": count > low, "below": count < high, "within": low <= count <= high}[side]
    return float(found != inside)


def opposite(side: str) -> str:
    return "below" if side == "above" else "above"


def sides(region: dict) -> list[Side]:
    """What all has to hold for a region: above or below a number, or both."""
    ((side, bound),) = region.items()
    return [("above", bound[0]), ("below", bound[1])] if side == "within" else [(side, bound)]


def refuting(rule: dict) -> list[Side]:
    """Of what each is enough to refute a part."""
    if "refuted" in rule:
        return sides(rule["refuted"])
    return [(opposite(side), bound) for side, bound in sides(rule["confirmed"])]


def assess(claim: str, rule: dict, tables: Tables) -> Part:
    """Measure one part of a claim. An error of a statistic stays one: only what a table lacks is no
    verdict."""
    statistic = STATISTICS[rule["statistic"]]
    try:
        sample = statistic(tables, **rule["of"])
        if not np.isfinite(sample.values).all():
            raise Missing("found a number that is not finite")
    except TooFew as error:
        return Part(rule, None, str(error), 1.0, 1.0, NOT_ENOUGH)
    except Missing as error:
        return Part(rule, None, str(error), 1.0, 1.0)
    except ValueError as error:  # of which a script would make one line, as of a user's mistake
        raise RuntimeError(f"claim {claim}: {rule['statistic']} failed") from error
    if sample.counted:
        count, region = sample.values[0], rule.get("refuted", rule["confirmed"])
        p_refuted = p_of_count(count, region, "refuted" in rule)
        return Part(rule, sample, "", p_of_count(count, rule["confirmed"], True), p_refuted)
    against = [p_beyond(sample, *side) for side in refuting(rule)]
    return Part(
        rule,
        sample,
        "",
        p_confirmed=max(p_beyond(sample, *side) for side in sides(rule["confirmed"])),
        p_refuted=min(1.0, len(against) * min(against)),
    )


class Sizes(NamedTuple):
    """On which `side` of no effect (`null`) a claimed effect lies, the smallest one that `matters`,
    and its `mirror`, as large an effect in the other direction."""

    side: str
    null: float
    matters: float
    mirror: float


def sizes(rule: dict, sample: Sample) -> Sizes | None:
    """The sizes that a rule tells apart; None where it is not about the size of an effect."""
    ((side, bound),) = rule["confirmed"].items()
    null = sample.null
    if null is None or side == "within" or (bound <= null if side == "above" else bound >= null):
        return None
    return Sizes(side, null, bound, 1 / bound if sample.ratio and bound else -bound)


def verdict_of(part: Part, level: float, parts: int) -> str:
    """What a part says by itself, each side at a level, and refuted as one of so many parts."""
    if part.sample is None:
        return part.verdict
    if part.p_confirmed <= level:
        return CONFIRMED
    if part.p_refuted * parts <= level:
        return size_of(part.rule, part.sample, level / parts)
    return NOT_ENOUGH if min(clearest(part, parts)) > level else INCONCLUSIVE


def size_of(rule: dict, sample: Sample, level: float) -> str:
    """What a part is called that does not hold as claimed."""
    found = sizes(rule, sample)
    if found is None or p_beyond(sample, opposite(found.side), found.null) <= level:
        return REFUTED
    if p_beyond(sample, found.side, found.null) <= level:
        return SMALLER
    return NO_DIFFERENCE if p_beyond(sample, found.side, found.mirror) <= level else REFUTED


def clearest(part: Part, parts: int) -> tuple[float, float]:
    """The smallest p of either side that so many seeds can have, as one of so many parts."""
    sample = part.sample
    if sample is None:
        return 1.0, 1.0
    if sample.counted:
        return 0.0, 0.0

    def smallest(side: str, bound: float) -> float:
        _, n, share = beyond(sample, side, bound)
        return share**n

    against = [smallest(*side) for side in refuting(part.rule)]
    both = max(smallest(*side) for side in sides(part.rule["confirmed"]))
    return both, parts * len(against) * min(against)


def needed(part: Part, level: float, parts: int) -> tuple[float, float]:
    """How many seeds would confirm a part, and refute it as one of so many, if further ones are as
    these; infinity where they point elsewhere."""
    sample = part.sample
    if sample is None or sample.counted:
        return (math.inf if part.p_confirmed else 0), (math.inf if part.p_refuted else 0)

    def seeds(side: Side, at: float) -> float:
        return seeds_needed(*beyond(sample, *side), at) or math.inf

    against = refuting(part.rule)
    return (
        max(seeds(side, level) for side in sides(part.rule["confirmed"])),
        min(seeds(side, level / parts / len(against)) for side in against),
    )


# --- a list of claims


def tested(claim: dict) -> bool:
    """Whether there is chance in a claim: not all its parts are counts."""
    return any(part["statistic"] != "parameter_count" for part in claim["parts"])


def decide(claims: list[dict], tables: Tables, left_out: Container[str] = ()) -> list[Finding]:
    """A finding for each claim of a list, but for those that nobody asks for, by their ids: these
    are of the list, and its errors are counted with them."""
    measured = [
        (claim, [assess(claim["id"], rule, tables) for rule in claim["parts"]])
        for claim in claims
        if claim["id"] not in left_out
    ]
    family = sum(map(tested, claims))
    p_values = []
    for _, parts in measured:
        deciding = [part for part in parts if part.decides]
        p_confirmed = max(part.p_confirmed for part in deciding)
        p_refuted = min(1.0, len(deciding) * min(part.p_refuted for part in deciding))
        p_values.append((p_confirmed, p_refuted))
    chance = [index for index, (claim, _) in enumerate(measured) if tested(claim)]
    # Either side has half of the level.
    both = {index: min(1.0, 2 * min(p_values[index])) for index in chance}
    adjusted = dict(zip(chance, holm(list(both.values()), family)))
    # The step at which Holm's procedure comes to a claim, or at which it ended.
    last = sum(p <= LEVEL for p in adjusted.values())
    steps = {index: step for step, index in enumerate(sorted(chance, key=both.__getitem__))}
    findings = []
    for index, (claim, parts) in enumerate(measured):
        among = family - min(steps[index], last) if index in steps else 1
        level = LEVEL / 2 / max(among, 1)
        findings.append(finding(claim, parts, *p_values[index], adjusted.get(index), level))
    return findings


def finding(
    claim: dict,
    parts: list[Part],
    p_confirmed: float,
    p_refuted: float,
    p_holm: float | None,
    level: float,
) -> Finding:
    """The finding on a claim, each side at a level."""
    k = sum(part.decides for part in parts)
    parts = [part._replace(verdict=verdict_of(part, level, k), level=level / k) for part in parts]
    deciding = [part for part in parts if part.decides]
    said = [part.verdict for part in deciding]
    seeds = None
    if p_confirmed <= level:
        verdict = CONFIRMED
    elif p_refuted <= level:
        # What is worst: the reverse, no difference, too small a one.
        verdict = next(
            (word for word in (REFUTED, NO_DIFFERENCE, SMALLER) if word in said), REFUTED
        )
    elif NOT_COMPUTED in said:
        verdict = NOT_COMPUTED
    else:
        least = [clearest(part, k) for part in deciding]
        best = min(max(p for p, _ in least), min(p for _, p in least))
        verdict = NOT_ENOUGH if best > level else INCONCLUSIVE
        more = [needed(part, level, k) for part in deciding]
        seeds = min(max(n for n, _ in more), min(n for _, n in more))
    return Finding(
        claim,
        parts,
        p_confirmed if p_holm is not None else None,
        p_refuted if p_holm is not None else None,
        p_holm,
        verdict,
        decisive(parts, verdict),
        None if seeds is None or seeds > MOST_SEEDS else int(seeds),
    )


def decisive(parts: list[Part], verdict: str) -> int:
    """Index of the part that explains a verdict: the closest call of a confirmed claim, the
    clearest one of a refuted claim, else the first part with that verdict, else the first."""
    places = [index for index, part in enumerate(parts) if part.decides]
    if verdict == CONFIRMED:
        return max(places, key=lambda index: parts[index].p_confirmed)
    same = [index for index in places if parts[index].verdict == verdict]
    if verdict in (REFUTED, NO_DIFFERENCE, SMALLER):
        return min(same, key=lambda index: parts[index].p_refuted)
    undecided = [i for i in places if parts[i].verdict in (INCONCLUSIVE, NOT_ENOUGH)]
    return (same or undecided or places)[0]
