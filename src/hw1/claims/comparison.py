"""Do the seeds of one build agree with those of another? The statistics of a list of claims decide.

If both builds have a seed, they may have the same run of it. So only independent runs are compared:
all of ours with theirs of other seeds, or all of theirs with ours of other seeds, whichever says
more. The test is exact for any distribution and any number of seeds. For a single seed it asks how
far out that lies in the order of the others; a p of 5 % takes 39 others. With fewer, a run beyond
all others is named, with the share of runs that lie there by chance.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import stats

from hw1.claims.decisions import assess, estimate
from hw1.claims.inference import LEVEL, holm
from hw1.claims.reading import Tables, experiment_named
from hw1.claims.sample import Sample
from hw1.results.wording import number, seed_count
from hw1.settings.claims import Claim

SAME, IN_LINE, OUTSIDE = "the same numbers", "in line", "outside their range"
DIFFERS, NOT_COMPARED = "differs", "not compared"
VERDICTS = (SAME, IN_LINE, OUTSIDE, DIFFERS, NOT_COMPARED)
PERMUTATIONS = 9999  # drawn for tied values; if there are fewer, all are used


def p_apart(ours: Sample, theirs: Sample) -> float:
    """Two-sided p of the test whether two independent samples are from one population.

    Shares take Fisher's exact test. Other values take the permutation distribution of the rank sum
    (Mann and Whitney 1947), which is exact up to 9 999 permutations if values are tied.
    """
    x, y = ours.values, theirs.values
    if ours.share:
        yes = [int(x.sum()), int(y.sum())]
        return float(stats.fisher_exact([yes, [len(x) - yes[0], len(y) - yes[1]]]).pvalue)
    if min(len(x), len(y)) == 1:
        one, many = (x[0], y) if len(x) == 1 else (y[0], x)
        # By chance it falls on each of the n + 1 places in the order equally often.
        beyond = 1 + min((many <= one).sum(), (many >= one).sum())
        return min(1.0, 2 * float(beyond) / (len(many) + 1))
    if len(np.unique([*x, *y])) == len(x) + len(y):
        return float(stats.mannwhitneyu(x, y, method="exact").pvalue)
    permuted = stats.PermutationMethod(PERMUTATIONS, rng=np.random.default_rng(0))
    return float(stats.mannwhitneyu(x, y, method=permuted).pvalue)


def in_spreads(ours: Sample, theirs: Sample) -> float | None:
    """Our median or share minus theirs, over the standard deviation of their seeds. Ratios enter by
    their logarithms. None if their seeds have no spread, or a ratio is 0."""

    def scaled(value):
        with np.errstate(divide="ignore"):
            return np.log(value) if ours.ratio else value

    if len(theirs.values) < 2:
        return None
    spread = float(np.std(scaled(theirs.values), ddof=1))
    difference = float(scaled(estimate(ours)) - scaled(estimate(theirs)))
    return difference / spread if spread > 0 and math.isfinite(difference / spread) else None


class Pair(NamedTuple):
    """A part of a claim on two sides: its samples, or why there are none, and p."""

    claim: str
    measure: str
    experiment: str
    samples: tuple[Sample, Sample] | None = None  # ours and theirs
    missing: str = ""
    p: float | None = None


def seeds_in(tables: Tables, experiment: str) -> set[int]:
    return set(tables[f"{experiment}_metrics"]["seed"])


def of_seeds(tables: Tables, experiment: str, seeds: set[int]) -> Tables:
    """The tables of an experiment, with only the rows of some seeds or of pairs of these."""
    found = {}
    for name, table in tables.items():
        if name.startswith(f"{experiment}_"):
            for column in {"seed", "other_seed"} & set(table):
                table = table[table[column].isin(seeds)]
            found[name] = table
    return found


def independent(ours: set[int], theirs: set[int]) -> tuple[set[int], set[int]]:
    """The seeds to compare from either side, none of them on both: the choice that says most. Empty
    if both sides have the same seeds."""
    choices = [(ours, theirs - ours), (ours - theirs, theirs)]

    def says(choice: tuple[set[int], set[int]]) -> float:
        n, m = map(len, choice)
        return n * m / (n + m) if n and m else 0.0

    best = max(choices, key=says)
    return best if says(best) else (set(), set())


def compare(
    claims: Iterable[Claim], ours: Tables, theirs: Tables, experiments: list[str]
) -> list[Pair]:
    """Both sides of each part of a list of claims that is about one of some experiments."""
    pairs = []
    for claim in claims:
        for rule in claim.parts:
            experiment = experiment_named(rule.of, experiments)
            if experiment is None:
                continue
            pair = Pair(claim.id, rule.measure, experiment)
            count = rule.statistic == "parameter_count"
            seeds = [seeds_in(tables, experiment) for tables in (ours, theirs)]
            first, second = seeds if count else independent(*seeds)
            if not first:
                continue  # all seeds are on both sides
            parts = [
                assess(claim.id, rule, of_seeds(tables, experiment, chosen))
                for tables, chosen in ((ours, first), (theirs, second))
            ]
            one, other = (part.sample for part in parts)
            if one is None or other is None:
                pairs.append(pair._replace(missing=parts[0].missing or parts[1].missing))
                continue
            p = float(one.values[0] == other.values[0]) if count else p_apart(one, other)
            pairs.append(pair._replace(samples=(one, other), p=p))
    return pairs


def rows_of(pairs: list[Pair]) -> list[dict]:
    """A row for each pair, with its verdict at a level that holds for all pairs together."""
    adjusted = iter(holm([pair.p for pair in pairs if pair.p is not None]))
    rows = []
    for pair in pairs:
        p_holm = None if pair.p is None else next(adjusted)
        row: dict = {"claim": pair.claim, "measure": pair.measure, "experiment": pair.experiment}
        for side, sample in zip(("ours", "theirs"), pair.samples or (None, None)):
            row |= {
                f"{side}_n": sample and len(sample.values),
                f"{side}_estimate": sample and estimate(sample),
            }
        row |= {
            "difference": pair.samples and in_spreads(*pair.samples),
            "p": pair.p,
            "p_holm": p_holm,
            "verdict": verdict_of(pair, p_holm),
        }
        rows.append(row | {"sentence": sentence(row, pair.missing)})
    return rows


def verdict_of(pair: Pair, p_holm: float | None) -> str:
    if p_holm is None or pair.samples is None:
        return NOT_COMPARED
    if p_holm <= LEVEL:
        return DIFFERS
    ours, theirs = pair.samples
    if ours.counted:
        return SAME
    if len(ours.values) == 1 and not ours.share:
        value, others = ours.values[0], theirs.values
        if not others.min() <= value <= others.max():
            return OUTSIDE
    return IN_LINE


def sentence(row: dict, missing: str) -> str:
    """A pair in words."""
    name = f"{row['claim']}, {row['measure']}"
    if row["verdict"] == NOT_COMPARED:
        return f"{name}: not compared, {missing}."
    text = f"{name}: {number(row['ours_estimate'])}, published {number(row['theirs_estimate'])}"
    if row["verdict"] == SAME:
        return f"{text}, {SAME}."
    about = [f"{seed_count(row['ours_n'])} and {row['theirs_n']}", f"p = {number(row['p'])}"]
    if row["difference"] is not None:
        about.insert(0, f"{number(row['difference'])} standard deviations of a seed")
    said = row["verdict"]
    if said == OUTSIDE:
        said += f", as {number(200 / (row['theirs_n'] + 1))} % of such runs are"
    return f"{text} ({', '.join(about)}), {said}."
