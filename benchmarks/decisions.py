"""How often verdicts are wrong, and how many seeds they take, for docs/decisions.md.

    python benchmarks/decisions.py [REPETITIONS]

Nothing is trained: values of seeds are drawn from distributions with a known median. Verdicts are
looked at after every seed, up to 200.
"""

import argparse
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.claims.decisions import beyond, decide  # noqa: E402
from hw1.claims.inference import SIDE, evidence  # noqa: E402
from hw1.claims.sample import Sample  # noqa: E402
from hw1.claims.statistics import STATISTICS  # noqa: E402
from hw1.results.command import one_line_errors  # noqa: E402
from hw1.settings.batches import seed_list  # noqa: E402
from hw1.settings.claims import Claim, Region, Rule, Side, read  # noqa: E402
from hw1.settings.yaml_files import load  # noqa: E402

MOST = 200  # seeds
COUNTS = range(MOST + 1)
# The evidence of x successes in n trials against one half, at [x, n]. As a contrast, one over the p
# of the exact test for a number of trials fixed beforehand.
E_VALUES = np.array([[evidence(x, n, 0.5) if x <= n else 0 for n in COUNTS] for x in COUNTS])
EXACT = 1 / np.maximum(stats.binom.sf(np.arange(-1, MOST)[:, None], COUNTS, 0.5), 1e-300)

NOISE: dict[str, Callable] = {  # of median 0
    "normal": lambda random, shape: random.normal(size=shape),
    "skewed (lognormal)": lambda random, shape: random.lognormal(size=shape) - 1,
    "heavy-tailed (Cauchy)": lambda random, shape: random.standard_cauchy(shape),
    "tied (-1, 0 or 1)": lambda random, shape: random.integers(-1, 2, shape).astype(float),
}
SHARE = Region(above=0.5)
# A part of a claim, and values that lie exactly at its border.
PARTS = {
    f"{kind}; {name}": (region, noise)
    for kind, region in (
        ("median against a border", Region(above=0.0)),
        ("median in a range, at its end", Region(within=(-4.0, 0.0))),
    )
    for name, noise in NOISE.items()
}
PARTS["share against 1/2"] = (SHARE, lambda random, shape: random.integers(0, 2, shape) * 1.0)

# A claim: the regions of its parts and their values (lists, seeds), or (seeds,) for one list.
Drawn = list[tuple[Region, np.ndarray]]


def markdown(head: list[str], rows: list[list]) -> str:
    return "\n".join(
        f"| {' | '.join(map(str, row))} |" for row in [head, ["---"] * len(head), *rows]
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


# --- verdicts after each seed, of many lists at once


def rule_of(region: Region, place: int = 0) -> Rule:
    """The rule of a part whose values are drawn, by their place."""
    return Rule(measure="values", statistic="drawn", of={"place": place}, confirmed=region)


def of_part(region: Region, values: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evidence on either side after each seed."""

    def known(side: str, bound: float) -> np.ndarray:
        there = values > bound if side == "above" else values < bound
        return table[np.cumsum(there, axis=-1), np.arange(1, values.shape[-1] + 1)]

    confirmed = np.min([known(*side) for side in region.sides], axis=0)
    return confirmed, np.mean([known(*side) for side in rule_of(region).refuting], axis=0)


def verdicts(claims: list[Drawn], table: np.ndarray = E_VALUES) -> np.ndarray:
    """1 (confirmed), -1 (refuted) or 0 after each seed: (lists, seeds, claims)."""
    confirmed, refuted = [], []
    for claim in claims:
        for_it, against = zip(*(of_part(*part, table) for part in claim))
        confirmed.append(np.min(for_it, axis=0))
        # p-values: the smallest, times their number.
        one = (
            np.mean(against, axis=0) if table is E_VALUES else np.max(against, axis=0) / len(claim)
        )
        refuted.append(one)
    return stepped(np.stack(confirmed, -1), np.stack(refuted, -1))


def stepped(confirmed: np.ndarray, refuted: np.ndarray) -> np.ndarray:
    """Verdicts by Holm's steps over the last axis, on either side."""
    return np.where(steps(confirmed), 1, np.where(steps(refuted), -1, 0))


def steps(clearest: np.ndarray) -> np.ndarray:
    """Which claims decide on a side."""
    order = np.argsort(-clearest, axis=-1)
    bars = np.arange(clearest.shape[-1], 0, -1) / SIDE
    passed = np.logical_and.accumulate(np.take_along_axis(clearest, order, -1) >= bars, axis=-1)
    decides = np.empty_like(passed)
    np.put_along_axis(decides, order, passed, -1)
    return decides


def decided(claims: list[Drawn]) -> list[int]:
    """The workflow's own verdicts on a list with these values."""
    drawn = [Sample(values, share=region is SHARE) for claim in claims for region, values in claim]
    STATISTICS["drawn"] = lambda tables, place: drawn[place]
    places = iter(range(len(drawn)))
    about = {"id": "S1", "experiment": None, "where": "here", "claim": "drawn", "known": "all"}
    rules = [[rule_of(region, next(places)) for region, _ in claim] for claim in claims]
    found = decide([Claim(**about, parts=tuple(parts)) for parts in rules], {})
    said = [finding.verdict for finding in found]
    undecided = ("inconclusive", "not enough seeds")
    return [1 if word == "confirmed" else 0 if word in undecided else -1 for word in said]


def compare(random: np.random.Generator, lists: int, parts: list[int]) -> int:
    """How many claims were decided in lists with all kinds of parts and truths.

    Raises RuntimeError if the verdicts after each seed are not those of the workflow.
    """
    kinds = list(PARTS.values())
    total = 0
    for _ in range(lists):
        claims = []
        for k in parts:
            away = random.choice([-9.0, -1.0, 0.0, 1.0, 9.0])
            chosen = [kinds[random.integers(len(kinds))] for _ in range(k)]
            claims.append([(region, noise(random, MOST) + away) for region, noise in chosen])
        # A yes or no stays a yes or no.
        claims = [
            [(r, np.clip(v, 0, 1) if r is SHARE else v) for r, v in claim] for claim in claims
        ]
        n = int(random.integers(1, 60))
        found = verdicts(claims)[n - 1].tolist()
        said = decided([[(region, values[:n]) for region, values in claim] for claim in claims])
        if found != said:
            raise RuntimeError(f"{n} seeds: {found} after each seed, {said} by the workflow")
        total += np.count_nonzero(said)
    return total


# --- error rates


def of_one_part(random: np.random.Generator, repetitions: int) -> str:
    """How often, in percent, a claim alone in a list is ever falsely confirmed or refuted."""
    rows = []
    for name, (region, noise) in PARTS.items():
        found = verdicts([[(region, noise(random, (repetitions, MOST)))]])[..., 0]
        rows.append([name, *(percent((found == way).any(axis=1).mean()) for way in (1, -1))])
    return markdown(["part; values", "confirmed", "refuted"], rows)


LISTS = {  # correlation of a claim's parts, and share of seeds that agree with every other claim
    "all at their borders, independent parts": (0.0, 0.5),
    "all at their borders, parts of a claim correlated by 0.9": (0.9, 0.5),
    "half of the claims at their borders, the others true for 90 % of seeds": (0.0, 0.9),
}


def of_the_list(random: np.random.Generator, lists: int, parts: list[int]) -> str:
    """Rate in percent of lists in which any verdict is wrong, ever."""
    rows = []
    for name, (together, agree) in LISTS.items():
        shift = np.where(np.arange(len(parts)) % 2, stats.norm.ppf(agree), 0)
        wrong = np.zeros(2)
        for size in [100] * (lists // 100) + [lists % 100]:
            claims = []
            for k, away in zip(parts, shift):
                common = np.sqrt(together) * random.normal(size=(size, MOST)) + away
                own = np.sqrt(1 - together) * random.normal(size=(k, size, MOST))
                claims.append([(Region(above=0.0), common + values) for values in own])
            for place, table in enumerate((E_VALUES, EXACT)):
                found = verdicts(claims, table)
                false = (found == -1) | ((found == 1) & (shift == 0))
                wrong[place] += false.any(axis=(1, 2)).sum()
        rows.append([name, *map(percent, wrong / lists)])
    return markdown(["claims", "e-values", "exact tests"], rows)


# --- power


def by(share: float, bar: float) -> np.ndarray:
    """Probability that a part is confirmed by 0, 1, ... seeds, if such a share of them agrees."""
    waiting, done = np.zeros(MOST + 1), np.zeros(MOST + 1)
    waiting[0] = 1
    for n in range(1, MOST + 1):
        waiting = (1 - share) * waiting + share * np.insert(waiting[:-1], 0, 0)
        there = E_VALUES[:, n] >= bar
        done[n] = done[n - 1] + waiting[there].sum()
        waiting[there] = 0
    return done


def at(share: float, bar: float, n: int, border: float = 0.5, exact: bool = False) -> float:
    """Probability that a part is confirmed by exactly so many seeds."""

    def enough(x: int) -> bool:
        return (EXACT[x, n] if exact else evidence(x, n, border)) >= bar

    least = next((x for x in range(n + 1) if enough(x)), n + 1)
    return float(stats.binom.sf(least - 1, n, share))


def of_shares(claims: int) -> str:
    """Probability in percent that some numbers of seeds confirm a true claim of one part: with
    e-values, looked at after every seed, and with an exact test at that number."""
    seeds = (12, 16, 24, 48, 100)
    rows = []
    for share, first in product((0.95, 0.9, 0.8, 0.7), (True, False)):
        bar = (claims if first else 1) / SIDE
        ever = by(share, bar)
        exact = np.array([at(share, bar, n, exact=True) for n in COUNTS])
        cells = [f"{100 * ever[n]:.0f}, {100 * exact[n]:.0f}" for n in seeds]
        half = [int((power >= 0.5).argmax()) for power in (ever, exact)]
        order = "first" if first else "last"
        rows.append([f"{100 * share:.0f} %", order, *cells, f"{half[0]}, {half[1]}"])
    return markdown(["seeds that agree", "order", *map(str, seeds), "one half"], rows)


def deciding(claim: Claim) -> list[Rule]:
    return [part for part in claim.parts if part.decides]


def is_share(part: Rule) -> bool:
    """Whether a part of a claim is about a share of the seeds."""
    return part.measure.startswith("share of") and part.statistic != "plane_variance"


def values_of(part: Rule, seeds: int) -> int:
    """How many values a part has: one for each seed, one for each pair of seeds, or one for each
    seed but the first, which has no earlier seed to choose a size on."""
    pairs = ("contraction", "cosine", "distance_ratio", "distance_ratio_change", "concordance")
    if part.statistic in pairs:
        return seeds // 2
    return seeds - 1 if part.statistic == "fitting_peak" else seeds


def border(part: Rule, side: Side) -> float:
    return beyond(Sample(np.zeros(0), share=is_share(part)), *side)[2]


def fewest(part: Rule, side: Side, bar: float) -> int:
    """How many seeds give the evidence, if all agree."""
    ends = ((seeds, values_of(part, seeds)) for seeds in range(1, 1000))
    return next(seeds for seeds, n in ends if evidence(n, n, border(part, side)) >= bar)


# The probability that a seed lies on the same side of the border as the median. The effect is twice
# the smallest one, with a standard deviation of the smallest; the ends of a range are two standard
# deviations from its middle. Shares of runs lie four fifths of the way from the border to all.
AGREE = {"above": 0.841, "below": 0.841, "within": 0.977}


def of_list(claims: list[Claim], presets: dict[str, dict[str, int]]) -> str:
    """Parts of each claim, seeds that confirm and refute it if all agree, and the probability in
    percent that it is confirmed if it is true, first and last in Holm's order."""
    claims = [claim for claim in claims if claim.tested]
    first = len(claims) / SIDE
    rows = []
    for claim in claims:
        parts = deciding(claim)
        for_it = [(part, side) for part in parts for side in part.confirmed.sides]
        against = [(part, side, len(part.refuting)) for part in parts for side in part.refuting]
        confirm = max(fewest(part, side, first) for part, side in for_it)
        refute = min(fewest(part, side, first * k * len(parts)) for part, side, k in against)
        cells = []
        for preset in presets.values():
            seeds = preset[claim.experiment]
            power = []
            for bar in (first, 1 / SIDE):
                chances = []
                for part, side in for_it:
                    b, way = border(part, side), "within" if part.confirmed.within else side[0]
                    agree = b + 0.8 * (1 - b) if is_share(part) else AGREE[way]
                    chances.append(at(agree, bar, values_of(part, seeds), b))
                power.append(f"{100 * np.prod(chances):.0f}")
            cells.append(f"{seeds}: {', '.join(power)}")
        rows.append([claim.id, len(parts), f"{confirm}, {refute}", *cells])
    return markdown(["claim", "parts", "seeds where all agree", *presets], rows)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repetitions", type=int, nargs="?", default=4000)
    repetitions = parser.parse_args().repetitions
    if repetitions < 1:
        raise ValueError(f"repetitions: found {repetitions}, expected 1 or more")
    random = np.random.default_rng(0)

    claims, controls = (read(ROOT / f"workflow/{name}.yaml") for name in ("claims", "controls"))
    seeds = {
        title: {
            name: len(seed_list(entry["seeds"]))
            for name, entry in load(str(ROOT / path)).content["experiments"].items()
        }
        for title, path in (("default", "config.yaml"), ("replication", "presets/replication.yaml"))
    }
    seeds["replication"] = seeds["default"] | seeds["replication"]  # and the rest of the default
    parts = [len(deciding(claim)) for claim in claims if claim.tested]
    lists, compared = -(-repetitions // 2), min(repetitions, 300)
    found = compare(random, compared, parts)
    print(f"{found} verdicts in {compared} lists are those of the workflow\n")
    print(f"{repetitions} repetitions\n\n{of_one_part(random, repetitions)}\n")
    print(f"{lists} lists\n\n{of_the_list(random, lists, parts)}\n")
    print(of_shares(len(parts)), of_list(claims, seeds), of_list(controls, seeds), sep="\n\n")


if __name__ == "__main__":
    main()
