"""Verdicts: what the values of some seeds say about a list of claims, however often one looks.

One procedure for both sides (docs/decisions.md has its error rates and power, by simulation):

1. A part compares the median of its values, or a share, with the border that its rule names. The
   evidence on either side is an e-value (`hw1.claims.inference.evidence`), which may be looked at
   after every seed. Nothing is assumed about how the values are distributed, but that seeds are
   independent.
2. A claim is confirmed by all of its parts: its evidence is the smallest of theirs. It is refuted
   by one: its evidence is their mean, whatever their dependence (Vovk and Wang 2021).
3. Each claim of a list is decided on both sides, each at half the level, by Holm's steps for
   e-values over all claims of the list, whether their experiments were built or not: on a side the
   i-th largest of m decides where it reaches (m - i + 1) over half the level, and all before it
   have. So with 95 % probability no verdict of a list is ever wrong, and what a claim takes does
   not depend on which other experiments were built.
4. What the size of an effect is called is read, with the evidence that the claim took, from where
   the values lie in respect of the smallest effect that matters.
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
from hw1.claims.reading import Missing, Tables, TooFew, experiment_of
from hw1.claims.sample import Sample
from hw1.claims.statistics import STATISTICS
from hw1.results.wording import VERDICTS

CONFIRMED, SMALLER, NO_DIFFERENCE, REFUTED, INCONCLUSIVE, NOT_ENOUGH, NOT_COMPUTED = VERDICTS


class Part(NamedTuple):
    """One measured part of a claim: its rule, its values, and the evidence on either side.

    `missing` says why there are no values; both are 0 then. `seeds` is how many were trained for
    the values, of which some may have none. `verdict` is what it says by itself, where it takes as
    much evidence as its claim, which has so many parts; `bar` is what its words take.
    """

    rule: dict
    sample: Sample | None
    missing: str = ""
    e_confirmed: float = 0.0
    e_refuted: float = 0.0
    seeds: int = 0
    verdict: str = NOT_COMPUTED
    bar: float = math.inf

    @property
    def decides(self) -> bool:
        """Whether the claim depends on it; else it only stands beside it."""
        return self.rule.get("decides", True)

    @property
    def n(self) -> int | None:
        """The number of values; None for a count, and where nothing was measured."""
        return None if self.sample is None or self.sample.counted else len(self.sample.values)


class Finding(NamedTuple):
    """A claim, its parts and its verdict; `e_needed` is the evidence that it takes on the side that
    has more, `decisive` the index of the part to look at first, `needed` how many seeds in all
    would decide an undecided one, if further ones are as these. A claim without chance has no
    evidence."""

    claim: dict
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
    # Of ratios the geometric mean: a median of ratios is 1 over that of their inverses.
    return float(math.sqrt(low * high) if sample.ratio else (low + high) / 2)


def interval(sample: Sample) -> tuple[float, float] | None:
    """The 95 % interval that fits the evidence; None of a count, and of too few values."""
    if sample.counted:
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


def evidence_beyond(sample: Sample, side: str, bound: float) -> float:
    """The evidence that the median, or the share, lies on a side of a number."""
    return evidence(*beyond(sample, side, bound))


def count_lies(count: float, region: dict) -> bool:
    """Whether an exact number lies in a region; a range has its ends in it."""
    ((side, bound),) = region.items()
    low, high = bound if side == "within" else (bound, bound)
    return {"above": count > low, "below": count < high, "within": low <= count <= high}[side]


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
        return Part(rule, None, str(error), verdict=NOT_ENOUGH)
    except Missing as error:
        return Part(rule, None, str(error))
    except ValueError as error:  # of which a script would make one line, as of a user's mistake
        raise RuntimeError(f"claim {claim}: {rule['statistic']} failed") from error
    if sample.counted:
        inside = count_lies(float(sample.values[0]), rule["confirmed"])
        out = (
            count_lies(float(sample.values[0]), rule["refuted"])
            if "refuted" in rule
            else not inside
        )
        certain = {True: math.inf, False: 0.0}
        return Part(rule, sample, e_confirmed=certain[inside], e_refuted=certain[out])
    return Part(
        rule,
        sample,
        e_confirmed=min(evidence_beyond(sample, *side) for side in sides(rule["confirmed"])),
        e_refuted=mean([evidence_beyond(sample, *side) for side in refuting(rule)]),
        seeds=seeds_behind(rule, tables) or len(sample.values),
    )


def seeds_behind(rule: dict, tables: Tables) -> int:
    """How many seeds the experiment of a part has, whether each gave a value or not; 0 where that
    is not known."""
    experiments = [name.removesuffix("_metrics") for name in tables if name.endswith("_metrics")]
    own = experiment_of(rule["of"], experiments)
    seeds = tables[f"{own}_metrics"].get("seed") if own else None
    return 0 if seeds is None else seeds.nunique()


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


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


class Bars(NamedTuple):
    """The evidence that a claim takes on either side."""

    confirmed: float
    refuted: float


def verdict_of(part: Part, bars: Bars, parts: int) -> str:
    """What a part says by itself with so much evidence, and refuted as one of so many parts."""
    if part.sample is None:
        return part.verdict
    if part.e_confirmed >= bars.confirmed:
        return CONFIRMED
    if part.e_refuted >= bars.refuted * parts:
        return word_of(against(part), bars.refuted * parts)
    return INCONCLUSIVE if reach(clearest(part, parts), bars) else NOT_ENOUGH


def reach(evidence_of_sides: tuple[float, float], bars: Bars) -> bool:
    """Whether the evidence is enough on one of both sides."""
    return any(e >= bar for e, bar in zip(evidence_of_sides, bars))


def against(part: Part) -> dict[str, float]:
    """The evidence that a part does not hold as claimed, by what it is called: the reverse (or just
    not, where it is about no effect), smaller than matters, or no difference that matters."""
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
    """What is refuted is called: the first that is shown."""
    return next((word for word, e in evidence_by_word.items() if e >= bar), REFUTED)


def clearest(part: Part, parts: int) -> tuple[float, float]:
    """The most evidence on either side that so many seeds can give, as one of so many parts."""
    sample = part.sample
    if sample is None:
        return 0.0, 0.0
    if sample.counted:
        return math.inf, math.inf

    def most(side: str, bound: float) -> float:
        _, n, share = beyond(sample, side, bound)
        return evidence(n, n, share)

    others = [most(*side) for side in refuting(part.rule)]
    both = min(most(*side) for side in sides(part.rule["confirmed"]))
    return both, max(others) / len(others) / parts


def needed(part: Part, bars: Bars, parts: int) -> tuple[float, float]:
    """How many seeds would confirm a part, and refute it as one of so many, if further ones are as
    these, those that give no value included; infinity where they point elsewhere."""
    sample = part.sample
    if sample is None or sample.counted:
        return (0 if part.e_confirmed else math.inf), (0 if part.e_refuted else math.inf)

    def seeds(side: Side, at: float) -> float:
        values = seeds_needed(*beyond(sample, *side), at)
        return math.inf if values is None else math.ceil(values * part.seeds / len(sample.values))

    others = refuting(part.rule)
    return (
        max(seeds(side, bars.confirmed) for side in sides(part.rule["confirmed"])),
        min(seeds(side, bars.refuted * parts * len(others)) for side in others),
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
    found = []
    for _, parts in measured:
        deciding = [part for part in parts if part.decides]
        one = mean([part.e_refuted for part in deciding])
        found.append((min(part.e_confirmed for part in deciding), one))
    chance = [index for index, (claim, _) in enumerate(measured) if tested(claim)]
    bars = [holm_steps([found[index][side] for index in chance], family) for side in (0, 1)]
    takes = dict(zip(chance, map(Bars, *bars)))
    return [
        finding(claim, parts, *found[index], takes.get(index))
        for index, (claim, parts) in enumerate(measured)
    ]


def holm_steps(evidence_of_claims: Sequence[float], family: int) -> list[float]:
    """What the evidence of each claim has to reach, of so many in all: the largest 1 over the level
    of a side times all of them, each further one a claim less, until one does not."""
    bars = [0.0] * len(evidence_of_claims)
    among = family
    for index in sorted(range(len(bars)), key=lambda index: -evidence_of_claims[index]):
        bars[index] = among / SIDE
        among -= evidence_of_claims[index] >= bars[index]
    return bars


def finding(
    claim: dict, parts: list[Part], e_confirmed: float, e_refuted: float, bars: Bars | None
) -> Finding:
    """The finding on a claim, which takes so much evidence; of one without chance any will do."""
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
    """What a refuted claim is called, by the mean over its parts as it is refuted, and its parts,
    of which the clearest is called so, too."""
    deciding = [part for part in parts if part.decides]
    found = [against(part) for part in deciding]
    word = word_of({word: mean([of[word] for of in found]) for word in found[0]}, bar)
    place = max(range(len(deciding)), key=lambda i: (found[i][word], deciding[i].e_refuted))
    clearest_one = deciding[place]
    return word, [p._replace(verdict=word) if p is clearest_one else p for p in parts]


def decisive(parts: list[Part], verdict: str) -> int:
    """Index of the part that explains a verdict: the closest call of a confirmed claim, the
    clearest one of a refuted claim, else the first part with that verdict, else the first."""
    places = [index for index, part in enumerate(parts) if part.decides]
    if verdict == CONFIRMED:
        return min(places, key=lambda index: parts[index].e_confirmed)
    same = [index for index in places if parts[index].verdict == verdict]
    if verdict in (REFUTED, NO_DIFFERENCE, SMALLER):
        return max(same, key=lambda index: parts[index].e_refuted)
    undecided = [i for i in places if parts[i].verdict in (INCONCLUSIVE, NOT_ENOUGH)]
    return (same or undecided or places)[0]
