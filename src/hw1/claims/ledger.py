"""The ledger: what the seeds say about each claim of a list, in words and as tables.

workflow/claims.yaml explains the rules.
"""

import math
from collections.abc import Callable

from hw1.claims.decisions import (
    CONFIRMED,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    NOT_COMPUTED,
    NOT_ENOUGH,
    REFUTED,
    SMALLER,
    Finding,
    Part,
    estimate,
    evidence_beyond,
    interval,
    sizes,
)
from hw1.claims.sample import Sample
from hw1.results.wording import number, seed_count
from hw1.settings.claims import Region, Rule, opposite

# --- in units of the smallest effect of interest


def scale(sample: Sample, region: Region) -> Callable[[float], float]:
    """How a value of the measure becomes an effect: 0 is none, positive is as claimed, and 1 is
    the smallest effect that matters, or one unit of the measure where the rule names none. A
    claimed range has its centre at 0 and its ends at -1, 1."""
    if region.within:
        low, high = region.within
        middle, half = (low + high) / 2, (high - low) / 2 or 1.0
        return lambda value: (value - middle) / half
    ((side, bound),) = region.sides
    sign = -1 if side == "below" else 1
    null = sample.null or 0.0

    def transformed(value: float) -> float:
        if not sample.ratio:
            return value
        return math.log(value) if value > 0 else -math.inf

    unit = abs(transformed(bound) - transformed(null)) or 1.0
    return lambda value: sign * (transformed(value) - transformed(null)) / unit


def effects(part: Part) -> dict:
    """Estimate, interval and confirming numbers of a part as effects; None for a count, and if
    nothing was measured."""
    keys = ("effect", "effect_low", "effect_high", "confirmed_above", "confirmed_below")
    sample = part.sample
    if sample is None or sample.counted:
        return dict.fromkeys(keys)
    effect = scale(sample, part.rule.confirmed)
    ends = interval(sample)
    low, high = sorted(map(effect, ends)) if ends else (None, None)
    above, *below = [effect(bound) for _, bound in part.rule.confirmed.sides]
    found = (effect(estimate(sample)), low, high, above, below[0] if below else None)
    # A ratio of 0 has no logarithm to show.
    return {
        key: value if value is None or math.isfinite(value) else None
        for key, value in zip(keys, found)
    }


# --- the report's own number


def reported_text(part: Part) -> str:
    """Where the report's number, from its one run, stands among the seeds', and what that says of
    one run. Empty if the report gave none."""
    sample = part.sample
    reported = part.rule.reported
    if sample is None or sample.counted or reported is None:
        return ""
    n, value = len(sample.values), number(reported)
    below = int((sample.values < reported).sum())
    at_most = int((sample.values <= reported).sum())
    # A further run falls on each of the n + 1 places between the sorted values equally often.
    tail = 2 * (min(at_most, n - below) + 1) / (n + 1)
    where = f"{below} of {n} seeds are below it"
    if n < 39:
        coverage = (
            f"the range of {n} seeds is a {100 * (n - 1) / (n + 1):.0f} % prediction interval"
        )
        inside = "inside" if at_most > 0 and below < n else "outside"
        return f"The report's {value}: {where}, {inside} their range ({coverage})"
    inside = "outside" if tail <= 0.05 else "inside"
    return f"The report's {value}: {where}, {inside} the seeds' 95 % prediction interval"


# --- in words


def region_text(region: Region) -> str:
    """A region in words."""
    if region.within:
        low, high = map(number, region.within)
        return f"at {low}" if low == high else f"within {low} to {high}"
    ((side, bound),) = region.sides
    return f"{side} {number(bound)}"


def rule_text(rule: Rule) -> str:
    """When a part is confirmed and when refuted, in words."""
    refuted = "outside" if rule.confirmed.within else "on the other side"
    if rule.refuted:
        refuted = region_text(rule.refuted)
    text = f"confirmed {region_text(rule.confirmed)}, refuted {refuted}"
    return text if rule.decides else f"decides nothing: {text}"


REASONS = {
    SMALLER: "in the direction claimed, but smaller than matters",
    NO_DIFFERENCE: "no difference that matters",
    INCONCLUSIVE: "which decides neither way",
    NOT_ENOUGH: "of too few seeds to decide",
}


def sentence_of(part: Part) -> str:
    """What was measured, and what follows, in one sentence."""
    if part.sample is None:
        return f"{part.rule.measure}: {part.verdict}, {part.missing}."
    text = measured_text(part.rule, part.sample)
    if part.n is None:
        return f"{text}."
    ends = interval(part.sample)
    details = [f"95 % interval {number(ends[0])} to {number(ends[1])}"] if ends else []
    details.append(count_of_values(part.sample))
    region = region_text(part.rule.confirmed)
    reason = {CONFIRMED: f"as claimed ({region})", REFUTED: f"not {region}"} | REASONS
    found = sizes(part.rule, part.sample)
    if found and evidence_beyond(part.sample, opposite(found.side), found.null) >= part.bar:
        reason[REFUTED] = "the reverse"
    said = reason[part.verdict]
    if part.verdict == CONFIRMED and part.rule.reading:
        said += f": {reading_of(part)}"
    return f"{text} ({', '.join(details)}), {said}."


def measured_text(rule: Rule, sample: Sample) -> str:
    """What was measured, with its unit."""
    unit = f" {rule.unit}" if rule.unit else ""
    return f"{rule.measure}: {number(estimate(sample))}{unit}"


def count_of_values(sample: Sample) -> str:
    """How many seeds, or pairs of them."""
    n = len(sample.values)
    if sample.of_pairs:
        return "one pair of runs" if n == 1 else f"{n} pairs of runs"
    return seed_count(n)


def reading_of(part: Part) -> str:
    """How a confirmed part is read, by where its values are shown to lie."""
    reading, sample = part.rule.reading, part.sample
    assert reading is not None and sample is not None
    regions = reading.where.sides
    if min(evidence_beyond(sample, *side) for side in regions) >= part.bar:
        return reading.inside
    outside = max(evidence_beyond(sample, opposite(side), bound) for side, bound in regions)
    if outside >= part.bar * len(regions):
        return reading.outside
    return f"{reading.inside} or {reading.outside}, which of both is not shown"


def sentence(finding: Finding) -> str:
    """The finding in one sentence, generated from its decisive part."""
    part = finding.parts[finding.decisive]
    text = sentence_of(part)
    if finding.needed:
        about = f"about {finding.needed} seeds would decide, if further ones are as these"
        text = f"{text[:-1]}; {about}."
    elif finding.verdict in (INCONCLUSIVE, NOT_ENOUGH) and part.sample is not None:
        text = f"{text[:-1]}; over 1000 seeds would be needed, if further ones are as these."
    deciding = [part for part in finding.parts if part.decides]
    if len(deciding) == 1:
        return f"{text[:1].upper()}{text[1:]}{beside(finding)}"
    same = sum(part.verdict == finding.verdict for part in deciding)
    if not same:  # each part is confirmed, all together are not
        return f"None of {len(deciding)} parts is decided against, not all are shown: {text}"
    outcome = {
        CONFIRMED: "confirmed; the closest call",
        REFUTED: "refuted",
        SMALLER: "smaller than matters",
        NO_DIFFERENCE: "without a difference that matters",
        INCONCLUSIVE: "undecided",
        NOT_ENOUGH: "short of seeds",
        NOT_COMPUTED: "not computed",
    }[finding.verdict]
    return f"{same} of {len(deciding)} parts {outcome}: {text}"


def beside(finding: Finding) -> str:
    """What stands beside the only part that decides."""
    said = [
        measured_text(part.rule, part.sample)
        for part in finding.parts
        if not part.decides and part.sample is not None
    ]
    return f" Beside it: {'; '.join(said)}." if said else ""


# --- as tables

# Columns that the tables have even if no claim of a list is left.
CLAIM_COLUMNS = ("claim", "verdict")
PART_COLUMNS = ("claim", "claim_verdict", "part", "decides", "measure", "verdict", "effect")


def measured(part: Part) -> dict:
    """Estimate, interval and number of seeds of a part, empty if there is none."""
    if part.sample is None:
        return dict.fromkeys(("estimate", "low", "high", "n"))
    low, high = interval(part.sample) or (None, None)
    return {"estimate": estimate(part.sample), "low": low, "high": high, "n": part.n}


def claim_rows(findings: list[Finding]) -> list[dict]:
    """One row per claim, with the estimate of its decisive part."""
    decisive = [(finding, finding.parts[finding.decisive]) for finding in findings]
    return [
        {
            "claim": finding.claim.id,
            "verdict": finding.verdict,
            "part": finding.decisive + 1,
            **measured(part),
            "unit": part.rule.unit,
            "e_confirmed": finding.e_confirmed,
            "e_refuted": finding.e_refuted,
            "e_needed": finding.e_needed,
            "seeds_needed": finding.needed,
            "sentence": sentence(finding),
        }
        for finding, part in decisive
    ]


def part_rows(findings: list[Finding]) -> list[dict]:
    """One row per part of a claim, with its effect in units of the smallest one of interest."""
    return [
        {
            "claim": finding.claim.id,
            "claim_verdict": finding.verdict,
            "part": place,
            "decides": part.decides,
            "measure": part.rule.measure,
            "verdict": part.verdict,
            **measured(part),
            "unit": part.rule.unit,
            "e_confirmed": part.e_confirmed if part.n else None,
            "e_refuted": part.e_refuted if part.n else None,
            "reported": part.rule.reported,
            "reported_text": reported_text(part),
            "rule": rule_text(part.rule),
            "sentence": sentence_of(part),
            **effects(part),
        }
        for finding in findings
        for place, part in enumerate(finding.parts, start=1)
    ]
