"""The ledger: a verdict on each claim of the report, by the rule that stands beside the claim.

A claim is a dictionary as in workflow/claims.yaml, which explains the rules.
"""

import inspect
import math
from collections.abc import Callable
from typing import NamedTuple

from hw1.claims import STATISTICS, Evidence, Missing, Tables
from hw1.inference import holm, sign_flip, smallest_p
from hw1.wording import number, p_value, seed_count

CONFIRMED, REFUTED, INCONCLUSIVE = "confirmed", "refuted", "inconclusive"
NOT_ENOUGH = "not enough seeds"
LEVEL = 0.05
MINIMUM_SEEDS = 6  # fewer pairs cannot reach p < 0.05 in a two-sided sign-flip test


class Part(NamedTuple):
    """One measured part of a claim; `missing` says why there is no evidence."""

    rule: dict
    evidence: Evidence | None
    missing: str
    verdict: str


class Finding(NamedTuple):
    """A claim, its parts and its verdict; `decisive` is the index of the part to look at first."""

    claim: dict
    parts: list[Part]
    p: float | None
    p_holm: float | None
    verdict: str
    decisive: int


def decide(claims: list[dict], tables: Tables) -> list[Finding]:
    """A finding for each claim whose experiment has tables; claims of no experiment always."""
    built = {name.removesuffix("_metrics") for name in tables if name.endswith("_metrics")}
    measured = [
        (claim, [assess(claim["id"], rule, tables) for rule in claim["parts"]])
        for claim in claims
        if claim["experiment"] is None or claim["experiment"] in built
    ]
    tested = [index for index, (_, parts) in enumerate(measured) if testable(parts)]
    p_values = {index: largest_p(measured[index][1], lambda e: e.p) for index in tested}
    adjusted = dict(zip(tested, holm(list(p_values.values()))))
    findings = []
    for index, (claim, parts) in enumerate(measured):
        verdict = combined([part.verdict for part in parts])
        if verdict == CONFIRMED and adjusted.get(index, 0) >= LEVEL:
            # Would the clearest outcome that so few seeds can have pass the correction?
            best = p_values | {index: largest_p(parts, lambda e: smallest_p(e.n))}
            clearest = dict(zip(tested, holm(list(best.values()))))[index]
            verdict = INCONCLUSIVE if clearest < LEVEL else NOT_ENOUGH
        findings.append(
            Finding(
                claim,
                parts,
                p_values.get(index),
                adjusted.get(index),
                verdict,
                decisive(parts, verdict),
            )
        )
    return findings


def assess(claim: str, rule: dict, tables: Tables) -> Part:
    """Measure one part of a claim. Raises ValueError where its keys do not fit its statistic."""
    statistic = STATISTICS[rule["statistic"]]
    try:
        inspect.signature(statistic).bind(tables, **rule["of"])
    except TypeError as error:
        raise ValueError(
            f"claim {claim}, {rule['statistic']}: {error}: its arguments stand in hw1.claims"
        ) from error
    try:
        evidence = statistic(tables, **rule["of"])
    except Missing as error:
        return Part(rule, None, str(error), NOT_ENOUGH)
    except KeyError as error:  # tables of another version, in as_coded/
        return Part(rule, None, f"the tables have no {error}", NOT_ENOUGH)
    return Part(rule, evidence, "", verdict_of(evidence, rule))


def verdict_of(evidence: Evidence, rule: dict) -> str:
    """The verdict on one part: where its whole interval lies, and whether its test agrees."""
    if evidence.n is not None and evidence.n < MINIMUM_SEEDS:
        return NOT_ENOUGH
    if lies(evidence, rule["confirmed"]) and all(p < LEVEL for p in tests(evidence, rule)):
        return CONFIRMED
    refuting = rule.get("refuted")
    refuted = lies(evidence, refuting) if refuting else lies_outside(evidence, rule["confirmed"])
    return REFUTED if refuted else INCONCLUSIVE


def tests(evidence: Evidence, rule: dict) -> list[float]:
    """The p-values that a confirmed part needs besides its interval.

    Bootstrap intervals of 6 or 7 values are a little too short, so a location that is not tested
    for no effect is tested against each number that confirms it.
    """
    if evidence.values is None:
        return [] if evidence.p is None else [evidence.p]
    (bound,) = rule["confirmed"].values()
    bounds = bound if isinstance(bound, list) else [bound]
    return [sign_flip(evidence.values - value) for value in bounds]


def lies(evidence: Evidence, region: dict) -> bool:
    """Whether the interval lies in a region: wholly above, below or within, or reaching it."""
    ((side, bound),) = region.items()
    if side == "above":
        return evidence.low > bound
    if side == "below":
        return evidence.high < bound
    if side == "reaching":
        return evidence.high >= bound
    return bound[0] <= evidence.low and evidence.high <= bound[1]


def lies_outside(evidence: Evidence, region: dict) -> bool:
    """Whether the interval lies wholly on the other side of a region's numbers."""
    ((side, bound),) = region.items()
    low, high = bound if side == "within" else (bound, bound)
    under = side != "below" and evidence.high < low
    over = side in ("below", "within") and evidence.low > high
    return under or over


def testable(parts: list[Part]) -> bool:
    """Whether a claim has a test, and seeds enough for each."""
    tests = [part.evidence for part in parts if part.evidence and part.evidence.p is not None]
    return bool(tests) and all(test.n >= MINIMUM_SEEDS for test in tests)


def largest_p(parts: list[Part], p: Callable[[Evidence], float]) -> float:
    """The p of a claim that holds only if all its parts do: its parts' largest (Berger 1982)."""
    return max(p(part.evidence) for part in parts if part.evidence and part.evidence.p is not None)


def combined(verdicts: list[str]) -> str:
    """One refuted part refutes; a claim is confirmed when every part is."""
    for verdict in (REFUTED, NOT_ENOUGH, INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return CONFIRMED


def decisive(parts: list[Part], verdict: str) -> int:
    """Index of the part that explains a verdict: the closest call of a confirmed claim, else the
    first part with that verdict, else the first."""
    if verdict == CONFIRMED:
        return min(range(len(parts)), key=lambda index: margin(parts[index]))
    return next((i for i, part in enumerate(parts) if part.verdict == verdict), 0)


# --- in units of the smallest effect of interest


def scale(evidence: Evidence, rule: dict) -> Callable[[float], float]:
    """How a value of the measure becomes an effect: 0 is none, positive is as claimed, and 1 is
    the smallest effect of interest, or one unit of the measure where the rule names none. A claimed
    range has its centre at 0 and its ends at -1, 1."""
    ((side, bound),) = rule["confirmed"].items()
    if side == "within":
        centre, half = (bound[0] + bound[1]) / 2, (bound[1] - bound[0]) / 2 or 1.0
        return lambda value: (value - centre) / half
    sign = -1 if side == "below" else 1
    null = 1.0 if evidence.ratio else 0.0
    transformed = math.log if evidence.ratio else float
    threshold = null + sign * rule["smallest_effect"] if "smallest_effect" in rule else bound
    unit = abs(transformed(threshold) - transformed(null)) or 1.0
    return lambda value: sign * (transformed(value) - transformed(null)) / unit


def margin(part: Part) -> float:
    """How far the interval of a part lies beyond its confirming numbers, as an effect; without an
    interval that is infinitely far."""
    if part.evidence is None or part.evidence.n is None:
        return math.inf
    found = effects(part)
    near = "effect_high" if "reaching" in part.rule["confirmed"] else "effect_low"
    above = found[near] - found["confirmed_above"]
    if found["confirmed_below"] is None:
        return above
    return min(above, found["confirmed_below"] - found["effect_high"])


# --- in words


def region_text(region: dict) -> str:
    """A region in words."""
    ((side, bound),) = region.items()
    if side == "within":
        low, high = map(number, bound)
        return f"at {low}" if low == high else f"within {low} to {high}"
    return {"reaching": "at least"}.get(side, side) + f" {number(bound)}"


def rule_text(rule: dict, evidence: Evidence | None) -> str:
    """When a part is confirmed and when refuted, in words."""
    confirmed = region_text(rule["confirmed"])
    refuted = "outside" if "within" in rule["confirmed"] else "on the other side"
    if "refuted" in rule:
        refuted = region_text(rule["refuted"])
    test = ""
    if evidence and evidence.p is not None:
        test = f" and p < {LEVEL} after Holm"
    elif evidence and evidence.values is not None:
        test = f" and p < {LEVEL} against that"
    return f"confirmed {confirmed}{test}, refuted {refuted}"


def sentence_of(part: Part) -> str:
    """What was measured, and what follows, in one sentence."""
    if part.evidence is None:
        return f"{part.rule['measure']}: {part.missing}."
    found = part.evidence
    unit = f" {part.rule['unit']}" if "unit" in part.rule else ""
    text = f"{part.rule['measure']}: {number(found.estimate)}{unit}"
    if found.n is None:
        return f"{text}."
    details = [f"95 % interval {number(found.low)} to {number(found.high)}", seed_count(found.n)]
    if found.p is not None:
        details.append(p_value(found.p))
    reason = {
        CONFIRMED: f"as claimed ({region_text(part.rule['confirmed'])})",
        REFUTED: f"not {region_text(part.rule['confirmed'])}",
        INCONCLUSIVE: "which decides neither way",
        NOT_ENOUGH: f"fewer than the {MINIMUM_SEEDS} seeds that a verdict needs",
    }[part.verdict]
    if part.verdict == CONFIRMED and "reading" in part.rule:
        reading = part.rule["reading"]
        reason += f": {reading['inside' if lies(found, reading['where']) else 'outside']}"
    return f"{text} ({', '.join(details)}), {reason}."


def sentence(finding: Finding) -> str:
    """The finding in one sentence, generated from its decisive part."""
    part = finding.parts[finding.decisive]
    text = sentence_of(part)
    if finding.verdict in (INCONCLUSIVE, NOT_ENOUGH) and part.verdict == CONFIRMED:
        text = text[:-1] + f"; after Holm's correction p = {finding.p_holm:.2g}."
    if len(finding.parts) == 1:
        return text[:1].upper() + text[1:]
    same = sum(part.verdict == finding.verdict for part in finding.parts)
    if not same:  # each part is confirmed, all together are not
        return f"{len(finding.parts)} parts hold, one by one; the first: {text}"
    outcome = {
        CONFIRMED: "confirmed; the closest call",
        REFUTED: "refuted",
        INCONCLUSIVE: "undecided",
        NOT_ENOUGH: "short of seeds",
    }[finding.verdict]
    return f"{same} of {len(finding.parts)} parts {outcome}: {text}"


# --- as tables


def claim_rows(findings: list[Finding]) -> list[dict]:
    """One row per claim, with the estimate of its decisive part."""
    rows = []
    for finding in findings:
        part = finding.parts[finding.decisive]
        found = part.evidence or Evidence(*[None] * 5)
        rows.append(
            {
                "claim": finding.claim["id"],
                "verdict": finding.verdict,
                "part": finding.decisive + 1,
                "estimate": found.estimate,
                "low": found.low,
                "high": found.high,
                "unit": part.rule.get("unit"),
                "n": found.n,
                "p": finding.p,
                "p_holm": finding.p_holm,
                "sentence": sentence(finding),
            }
        )
    return rows


def part_rows(findings: list[Finding]) -> list[dict]:
    """One row per part of a claim, with its effect in units of the smallest one of interest."""
    rows = []
    for finding in findings:
        for place, part in enumerate(finding.parts, start=1):
            row = {
                "claim": finding.claim["id"],
                "claim_verdict": finding.verdict,
                "part": place,
                "measure": part.rule["measure"],
                "verdict": part.verdict,
                **(part.evidence or Evidence(*[None] * 5))._asdict(),
                "unit": part.rule.get("unit"),
                "rule": rule_text(part.rule, part.evidence),
                "sentence": sentence_of(part),
            }
            del row["ratio"], row["values"]
            rows.append(row | effects(part))
    return rows


def effects(part: Part) -> dict:
    """Estimate, interval and confirming numbers of a part as effects; None for a count, and where
    nothing was measured."""
    keys = ("effect", "effect_low", "effect_high", "confirmed_above", "confirmed_below")
    if part.evidence is None or part.evidence.n is None:
        return dict.fromkeys(keys)
    effect = scale(part.evidence, part.rule)
    low, high = sorted([effect(part.evidence.low), effect(part.evidence.high)])
    ((side, bound),) = part.rule["confirmed"].items()
    bounds = [effect(value) for value in (bound if side == "within" else [bound])]
    below = bounds[1] if side == "within" else None
    return dict(zip(keys, (effect(part.evidence.estimate), low, high, bounds[0], below)))
