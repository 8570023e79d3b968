"""Verdicts: what the values of some seeds say about a list of claims, however often one looks.

One procedure for both sides (docs/decisions.md has its error rates and power, by simulation):

1. A part compares the median of its values, or a share, with the border that its rule names. The
   evidence on either side is an e-value (`hw1.claims.inference.evidence`), which may be looked at
   after every seed. Seeds are assumed to be independent; their values may have any distribution.
2. A claim is confirmed by all of its parts: the evidence for it is the smallest of theirs. It is
   refuted by one part: the evidence against it is the mean of theirs, which holds however the
   parts depend on each other (Vovk and Wang 2021).
3. Each claim of a list is decided on both sides, each at half the level. Holm's steps for e-values
   go over all m claims of the list, whether their experiments were built or not. On a side, the
   i-th largest e-value decides if it reaches (m - i + 1) over half the level, and all before it
   do. So with 95 % probability no verdict of a list is ever wrong, and leaving out experiments
   does not lower what a claim takes.
4. The word for the size of an effect comes from where the values lie, relative to the smallest
   effect that matters. It takes as much evidence as the claim.
"""

import math
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hw1.claims.inference import (
    MOST_SEEDS,
    SIDE,
    evidence,
    median_interval,
    seeds_needed,
    share_interval,
)
from hw1.claims.reading import Missing, Tables, TooFew, experiment_named
from hw1.claims.sample import Sample
from hw1.claims.statistics import STATISTICS
from hw1.results.wording import VERDICTS
from hw1.settings.claims import Claim, Rule, Side, opposite

CONFIRMED, SMALLER, NO_DIFFERENCE, REFUTED, INCONCLUSIVE, NOT_ENOUGH, NOT_COMPUTED = VERDICTS


class Part(NamedTuple):
    """One measured part of a claim: its rule, its values, and the evidence on either side.

    `missing` says why there are no values; the evidence is then 0 on both sides. `seeds` counts the
    trained seeds, also those without a value. `verdict` is the verdict on the part alone, as one of
    so many parts, at the evidence that its claim takes; `bar` is the evidence that its words take.
    """

    rule: Rule
    sample: Sample | None
    missing: str = ""
    e_confirmed: float = 0.0
    e_refuted: float = 0.0
    seeds: int = 0
    verdict: str = NOT_COMPUTED
    bar: float = math.inf

    @property
    def decides(self) -> bool:
        """Whether the claim depends on the part; if not, it only stands beside the claim."""
        return self.rule.decides

    @property
    def n(self) -> int | None:
        """The number of values; None for a count, and if nothing was measured."""
        return None if self.sample is None or self.sample.counted else len(self.sample.values)


class Finding(NamedTuple):
    """A claim, its parts and its verdict. `e_needed` is the evidence that it takes on the side that
    has more. `decisive` is the index of the part to look at first. `needed` is how many seeds in
    all would decide an undecided claim, if further ones are as these. A claim without chance has no
    evidence."""

    claim: Claim
    parts: list[Part]
    e_confirmed: float | None
    e_refuted: float | None
    e_needed: float | None
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
    # Ratios take the geometric mean: their median is 1 over the median of their inverses.
    return float(math.sqrt(low * high) if sample.ratio else (low + high) / 2)


def interval(sample: Sample) -> tuple[float, float] | None:
    """The 95 % interval that fits the evidence; None for a count, and for too few values."""
    if sample.counted:
        return None
    if sample.share:
        return share_interval(int(sample.values.sum()), len(sample.values))
    return median_interval(sample.values)


def beyond(sample: Sample, side: str, bound: float) -> tuple[int, int, float]:
    """The number of values `above` or `below` a bound, the number of all values, and the largest
    share that would lie there if the median were the bound. A value at the bound counts for no
    side."""
    values, n = sample.values, len(sample.values)
    if sample.share:
        yes = int(values.sum())
        return (yes, n, bound) if side == "above" else (n - yes, n, 1 - bound)
    return int((values > bound if side == "above" else values < bound).sum()), n, 0.5


def evidence_beyond(sample: Sample, side: str, bound: float) -> float:
    """The evidence that the median, or the share, lies on a side of a number."""
    return evidence(*beyond(sample, side, bound))


def assess(claim: str, rule: Rule, tables: Tables) -> Part:
    """Measure one part of a claim. If a table lacks something, the part says so; any other error of
    a statistic is raised."""
    statistic = STATISTICS[rule.statistic]
    try:
        sample = statistic(tables, **rule.of)
        if not np.isfinite(sample.values).all():
            raise Missing("found a number that is not finite")
    except TooFew as error:
        return Part(rule, None, str(error), verdict=NOT_ENOUGH)
    except Missing as error:
        return Part(rule, None, str(error))
    except ValueError as error:  # a script would report it in one line, like a user's mistake
        raise RuntimeError(f"claim {claim}: {rule.statistic} failed") from error
    if sample.counted:
        count = float(sample.values[0])
        inside = rule.confirmed.has(count)
        out = rule.refuted.has(count) if rule.refuted else not inside
        certain = {True: math.inf, False: 0.0}
        return Part(rule, sample, e_confirmed=certain[inside], e_refuted=certain[out])
    return Part(
        rule,
        sample,
        e_confirmed=min(evidence_beyond(sample, *side) for side in rule.confirmed.sides),
        e_refuted=mean([evidence_beyond(sample, *side) for side in rule.refuting]),
        seeds=seeds_behind(rule, tables) or len(sample.values),
    )


def seeds_behind(rule: Rule, tables: Tables) -> int:
    """How many seeds the experiment of a part has, whether each gave a value or not; 0 where that
    is not known."""
    experiments = [name.removesuffix("_metrics") for name in tables if name.endswith("_metrics")]
    own = experiment_named(rule.of, experiments)
    seeds = tables[f"{own}_metrics"].get("seed") if own else None
    return 0 if seeds is None else seeds.nunique()


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


class Sizes(NamedTuple):
    """The `side` of no effect (`null`) that a claimed effect lies on, and the `mirror` of the
    smallest one that matters, an effect of the same size in the other direction."""

    side: str
    null: float
    mirror: float


def sizes(rule: Rule, sample: Sample) -> Sizes | None:
    """The sizes that a rule tells apart; None if it is not about the size of an effect."""
    (side, bound), *others = rule.confirmed.sides
    null = sample.null
    if null is None or others or (bound <= null if side == "above" else bound >= null):
        return None
    return Sizes(side, null, 1 / bound if sample.ratio and bound else -bound)


class Bars(NamedTuple):
    """The evidence that a claim takes on either side."""

    confirmed: float
    refuted: float


def verdict_of(part: Part, bars: Bars, parts: int) -> str:
    """The verdict on a part alone: confirmed at its bar, refuted at its bar times `parts`."""
    if part.sample is None:
        return part.verdict
    if part.e_confirmed >= bars.confirmed:
        return CONFIRMED
    if part.e_refuted >= bars.refuted * parts:
        return word_of(against(part), bars.refuted * parts)
    return INCONCLUSIVE if reach(clearest(part, parts), bars) else NOT_ENOUGH


def reach(evidence_of_sides: tuple[float, float], bars: Bars) -> bool:
    """Whether the evidence is enough on at least one side."""
    return any(e >= bar for e, bar in zip(evidence_of_sides, bars))


def against(part: Part) -> dict[str, float]:
    """The evidence that a part does not hold as claimed, by word: refuted (by the reverse, if it is
    about an effect), smaller than matters, or no difference that matters."""
    sample = part.sample
    if sample is None or (found := sizes(part.rule, sample)) is None:
        return {REFUTED: part.e_refuted, SMALLER: 0.0, NO_DIFFERENCE: 0.0}

    def also(side: str, bound: float) -> float:
        return min(part.e_refuted, evidence_beyond(sample, side, bound))

    return {
        REFUTED: evidence_beyond(sample, opposite(found.side), found.null),
        SMALLER: also(found.side, found.null),
        NO_DIFFERENCE: also(found.side, found.mirror),
    }


def word_of(evidence_by_word: Mapping[str, float], bar: float) -> str:
    """The word for what is refuted: the first that is shown."""
    return next((word for word, e in evidence_by_word.items() if e >= bar), REFUTED)


def clearest(part: Part, parts: int) -> tuple[float, float]:
    """The most evidence that so many values can give on either side, as one of so many parts."""
    sample = part.sample
    if sample is None:
        return 0.0, 0.0
    if sample.counted:
        return math.inf, math.inf

    def most(side: str, bound: float) -> float:
        _, n, share = beyond(sample, side, bound)
        return evidence(n, n, share)

    others = [most(*side) for side in part.rule.refuting]
    both = min(most(*side) for side in part.rule.confirmed.sides)
    return both, max(others) / len(others) / parts


def needed(part: Part, bars: Bars, parts: int) -> tuple[float, float]:
    """How many seeds would confirm a part, and refute it as one of so many, if further ones are as
    these. Seeds without a value count, too. Infinity if the values point elsewhere."""
    sample = part.sample
    if sample is None or sample.counted:
        return (0 if part.e_confirmed else math.inf), (0 if part.e_refuted else math.inf)

    def seeds(side: Side, at: float) -> float:
        values = seeds_needed(*beyond(sample, *side), at)
        return math.inf if values is None else math.ceil(values * part.seeds / len(sample.values))

    others = part.rule.refuting
    return (
        max(seeds(side, bars.confirmed) for side in part.rule.confirmed.sides),
        min(seeds(side, bars.refuted * parts * len(others)) for side in others),
    )


# --- a list of claims


def decide(claims: Sequence[Claim], tables: Tables, left_out: Container[str] = ()) -> list[Finding]:
    """A finding for each claim of a list, except those with an id in `left_out`. These stay in the
    list, so its error rate counts them."""
    measured = [
        (claim, [assess(claim.id, rule, tables) for rule in claim.parts])
        for claim in claims
        if claim.id not in left_out
    ]
    family = sum(claim.tested for claim in claims)
    found = []
    for _, parts in measured:
        deciding = [part for part in parts if part.decides]
        one = mean([part.e_refuted for part in deciding])
        found.append((min(part.e_confirmed for part in deciding), one))
    chance = [index for index, (claim, _) in enumerate(measured) if claim.tested]
    bars = [holm_steps([found[index][side] for index in chance], family) for side in (0, 1)]
    takes = dict(zip(chance, map(Bars, *bars)))
    return [
        finding(claim, parts, *found[index], takes.get(index))
        for index, (claim, parts) in enumerate(measured)
    ]


def holm_steps(evidence_of_claims: Sequence[float], family: int) -> list[float]:
    """The evidence that each claim of a family has to reach: for the largest, the number of claims
    over the level of a side; for each further one, a claim less, until one falls short."""
    bars = [0.0] * len(evidence_of_claims)
    among = family
    for index in sorted(range(len(bars)), key=lambda index: -evidence_of_claims[index]):
        bars[index] = among / SIDE
        among -= evidence_of_claims[index] >= bars[index]
    return bars


def finding(
    claim: Claim, parts: list[Part], e_confirmed: float, e_refuted: float, bars: Bars | None
) -> Finding:
    """The finding on a claim that takes so much evidence; without chance, any bars will do."""
    k = sum(part.decides for part in parts)
    at = bars or Bars(1 / SIDE, 1 / SIDE)
    parts = [p._replace(verdict=verdict_of(p, at, k), bar=max(at) * k) for p in parts]
    seeds: float | None = None
    if e_confirmed >= at.confirmed:
        verdict = CONFIRMED
    elif e_refuted >= at.refuted:
        verdict, parts = refuted(parts, at.refuted)
    elif NOT_COMPUTED in [part.verdict for part in parts if part.decides]:
        verdict = NOT_COMPUTED
    else:
        deciding = [part for part in parts if part.decides]
        most = [clearest(part, k) for part in deciding]
        enough = reach((min(e for e, _ in most), max(e for _, e in most)), at)
        verdict = INCONCLUSIVE if enough else NOT_ENOUGH
        more = [needed(part, at, k) for part in deciding]
        seeds = min(max(n for n, _ in more), min(n for _, n in more))
    return Finding(
        claim,
        parts,
        None if bars is None else e_confirmed,
        None if bars is None else e_refuted,
        None if bars is None else at[e_refuted > e_confirmed],
        verdict,
        decisive(parts, verdict),
        None if seeds is None or seeds > MOST_SEEDS else int(seeds),
    )


def refuted(parts: list[Part], bar: float) -> tuple[str, list[Part]]:
    """The word for a refuted claim, by the mean evidence over its parts, and the parts, where the
    clearest one gets the same word."""
    deciding = [part for part in parts if part.decides]
    found = [against(part) for part in deciding]
    word = word_of({word: mean([of[word] for of in found]) for word in found[0]}, bar)
    place = max(range(len(deciding)), key=lambda i: (found[i][word], deciding[i].e_refuted))
    clearest_one = deciding[place]
    return word, [p._replace(verdict=word) if p is clearest_one else p for p in parts]


def decisive(parts: list[Part], verdict: str) -> int:
    """Index of the part that explains a verdict: the closest call of a confirmed claim, the
    clearest part of a refuted one, else the first with that verdict, the first undecided, or the
    first."""
    places = [index for index, part in enumerate(parts) if part.decides]
    if verdict == CONFIRMED:
        return min(places, key=lambda index: parts[index].e_confirmed)
    same = [index for index in places if parts[index].verdict == verdict]
    if verdict in (REFUTED, NO_DIFFERENCE, SMALLER):
        return max(same, key=lambda index: parts[index].e_refuted)
    undecided = [i for i in places if parts[i].verdict in (INCONCLUSIVE, NOT_ENOUGH)]
    return (same or undecided or places)[0]
