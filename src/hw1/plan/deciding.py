"""Which further seeds decide the most claims: their cost, their order, and the lines about them.

A claim is undecided if more seeds may decide it. Its finding says how many its experiments need in
all, if further seeds are as these (`hw1.claims.decisions`).
"""

import csv
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import yaml

from hw1.claims.decisions import INCONCLUSIVE, NOT_ENOUGH, Finding
from hw1.claims.inference import MOST_SEEDS, seeds_needed
from hw1.claims.reading import experiment_named
from hw1.results.wording import duration, outcome, seed_count
from hw1.settings.batches import seeds_of
from hw1.settings.claims import Claim
from hw1.settings.entries import Analysis
from hw1.settings.estimates import training_seconds
from hw1.settings.experiments import Experiments
from hw1.settings.overlays import leaves
from hw1.settings.yaml_files import EXPONENT

Seeds = dict[str, list[int]]  # by experiment


class Step(NamedTuple):
    """The next training: new seeds of an experiment, and of the experiments from whose weights it
    starts; the claims that it is for; about how many seconds it takes with all that follows."""

    experiment: str
    added: Seeds
    claims: list[str]
    seconds: float


# --- the overlay


def laid_over(*overlays: Mapping, above: str = "") -> dict:
    """Overlays as one, later ones winning. A null stays, since it takes a key out of the base.

    Raises ValueError where one takes out what another sets: one overlay cannot say both.
    """
    result: dict = {}
    for overlay in overlays:
        for key, value in overlay.items():
            before = result.get(key, value)
            if (before is None) != (value is None):
                raise ValueError(
                    f"{above}{key}: found null in one overlay and settings in another, expected "
                    "one of them: give one overlay with what you mean"
                )
            both = isinstance(value, dict) and isinstance(before, dict)
            result[key] = laid_over(before, value, above=f"{above}{key}.") if both else value
    return result


def check_same(decided: dict, overlay: dict, name: str) -> None:
    """Raise ValueError where the overlay of the decisions so far and the given overlays differ in
    settings other than seeds."""

    def settings(content: dict) -> dict:
        found = {key: value for key, value in leaves(content) if value != {}}
        return {k: v for k, v in found.items() if not re.fullmatch(r"experiments\.[^.]+\.seeds", k)}

    theirs, own = settings(decided), settings(overlay)
    for key in theirs | own:
        if theirs.get(key, "") != own.get(key, ""):
            hint = "delete it, or give no overlay to go on with it"
            raise ValueError(f"{name} has other settings than the overlays ({key}): {hint}")


def with_seeds(overlay: dict, experiments: Experiments, added: Seeds) -> dict:
    """An overlay with new seeds added to those of the experiments."""
    seeds = {
        experiment: {"seeds": written({*experiments[experiment].seeds, *new})}
        for experiment, new in added.items()
    }
    return laid_over(overlay, {"experiments": seeds})


def written(seeds: Collection[int]) -> str | list[int]:
    """Seeds as a configuration names them: as a range if they are one."""
    first, last = min(seeds), max(seeds)
    return f"{first}-{last}" if 1 < len(seeds) == last - first + 1 else sorted(seeds)


def overlay_text(overlay: dict, by: str, build: str) -> str:
    """The file of an overlay, with the command that made it, and the command that builds it."""
    about = f"# All settings over config.yaml, with the seeds that were chosen by:\n# {by}\n"
    text = yaml.dump(overlay, Dumper=Dumper, sort_keys=False)
    return f"{about}# This builds them: {build}\n{text}"


class Dumper(yaml.SafeDumper):
    """Writes texts with quotes where hw1.settings.yaml_files reads a number, as 1e-3."""


Dumper.add_implicit_resolver("tag:yaml.org,2002:float", EXPONENT, [*"-+.0123456789"])


# --- the cost of a seed


def seconds_per_seed(
    experiments: Experiments, experiment: str, analyses: Iterable[Analysis], results: Path
) -> float:
    """One core's seconds for a seed of all variants of an experiment, as measured in its jobs here;
    an estimate if none was trained yet."""
    total = 0.0
    for variant, settings in experiments[experiment].variants.items():
        of_variant = {
            rule: measured(results / "benchmarks" / rule / experiment / variant)
            for rule in ("train", "evaluate", "snapshot")
        }
        if of_variant["train"] is None:
            of_variant["train"] = training_seconds(settings)
        total += sum(seconds or 0 for seconds in of_variant.values())
    for analysis in analyses:
        if analysis.experiment == experiment:  # a job per batch, or per batch and variant
            place = results / "benchmarks" / analysis.kind.name / experiment / analysis.name
            folders = [place, *(place / variant for variant in analysis.variants)]
            total += sum(measured(folder) or 0 for folder in folders)
    return total


def measured(folder: Path) -> float | None:
    """Seconds per seed, by the benchmark files of the batches in a folder; None if there are none.
    A seed may be in several files, if batches were cut differently, but was trained once."""
    seconds, seeds = 0.0, set()
    for path in folder.glob("seed*.tsv"):
        with suppress(ValueError, KeyError, StopIteration):  # one that was cut off
            of_batch = seeds_of(path.stem)
            with path.open(encoding="utf-8", newline="") as file:
                seconds += float(next(csv.DictReader(file, delimiter="\t"))["s"])
            seeds.update(of_batch)
    return seconds / len(seeds) if seeds else None


def time_of(
    experiments: Experiments, added: Seeds, costs: Mapping[str, float], cores: int
) -> float:
    """About how many seconds new seeds take on `cores`, by the costs of one seed."""
    jobs = sum(
        len(experiments[name].variants) * math.ceil(len(new) / experiments[name].seeds_per_job)
        for name, new in added.items()
    )
    work = sum(costs[name] * len(new) for name, new in added.items())
    return work / max(1, min(cores, jobs))


# --- the choice


def undecided(findings: Iterable[Finding]) -> list[Finding]:
    """The findings on claims that more seeds may decide."""
    return [finding for finding in findings if finding.verdict in (INCONCLUSIVE, NOT_ENOUGH)]


def experiments_behind(claim: Claim, experiments: Experiments) -> list[str]:
    """The experiments whose seeds decide a claim: those of its parts that are built."""
    named = set()
    for rule in claim.parts:
        if rule.decides and rule.statistic != "parameter_count":
            named.add(experiment_named(rule.of, experiments))
    return [name for name in experiments if name in named]


def without_values(finding: Finding) -> list[str]:
    """Why parts that decide a claim have no values at these seeds."""
    return [part.missing for part in finding.parts if part.decides and part.sample is None]


def wanted(finding: Finding) -> int:
    """How many seeds in all would decide an undecided claim; 0 if that is unknown. A claim without
    a value (one seed may give none) gets as many seeds as would do if all agreed."""
    if finding.needed is None and finding.e_needed and without_values(finding):
        return seeds_needed(1, 1, 0.5, finding.e_needed) or 0
    return finding.needed or 0


def missing(finding: Finding, experiments: Experiments) -> dict[str, int]:
    """How many seeds each experiment of an undecided claim lacks; none if that is unknown."""
    found = {
        name: wanted(finding) - len(experiments[name].seeds)
        for name in experiments_behind(finding.claim, experiments)
    }
    return {name: seeds for name, seeds in found.items() if seeds > 0}


def next_seeds(experiments: Experiments, experiment: str, count: int) -> Seeds:
    """`count` seeds after the greatest of an experiment; also for the experiments from which its
    runs start."""
    last = max(experiments[experiment].seeds)
    added = {experiment: list(range(last + 1, last + 1 + count))}
    names = [experiment]
    for name in names:  # grows
        for settings in experiments[name].variants.values():
            start = settings.start
            if start and start.experiment not in names:
                names.append(start.experiment)
                there = experiments[names[-1]].seeds
                added[names[-1]] = [seed for seed in added[name] if seed not in there]
    return {name: seeds for name, seeds in added.items() if seeds}


def cost_of(
    finding: Finding, experiments: Experiments, costs: Mapping[str, float], cores: int
) -> float:
    """About how many seconds it takes to decide a claim."""
    lacks = missing(finding, experiments).items()
    return sum(time_of(experiments, next_seeds(experiments, *lack), costs, cores) for lack in lacks)


def choose(
    findings: Iterable[Finding],
    experiments: Experiments,
    costs: Mapping[str, float],
    cores: int,
    left: float,
    full: Collection[str] = (),
    beyond: float = 0,
) -> Step | None:
    """The next step towards the cheapest decision, if at least one of its seeds fits the seconds
    that are `left`. It takes half of the missing seeds, but at least a batch or two seeds. It takes
    all of them if they need no longer than the step needs `beyond` its seeds. None if nothing is
    left to decide, or nothing fits. Experiments that are `full` get no more seeds."""
    open_ = [
        finding
        for finding in undecided(findings)
        if (lacks := missing(finding, experiments)) and not lacks.keys() & set(full)
    ]
    for finding in sorted(open_, key=lambda f: cost_of(f, experiments, costs, cores)):
        lacks = missing(finding, experiments)
        name = max(lacks, key=lambda experiment: lacks[experiment])
        batch = experiments[name].seeds_per_job
        whole = time_of(experiments, next_seeds(experiments, name, lacks[name]), costs, cores)
        half = lacks[name] if whole <= beyond else math.ceil(lacks[name] / 2)
        most = max(2, min(lacks[name], max(half, batch)))
        for count in range(most, 0, -1):
            added = next_seeds(experiments, name, count)
            seconds = time_of(experiments, added, costs, cores)
            if seconds + beyond <= left:
                claims = [f.claim.id for f in open_ if name in missing(f, experiments)]
                return Step(name, added, claims, seconds + beyond)
    return None


# --- lines about it


def news(before: Sequence[Finding], now: Sequence[Finding], experiments: Experiments) -> str:
    """The claims decided since the last look, and at how many seeds; at the first look, how many
    claims have which verdict."""
    if not before:
        return outcome(finding.verdict for finding in now)
    was = {finding.claim.id for finding in undecided(before)}
    still = {finding.claim.id for finding in undecided(now)}
    said = []
    for finding in now:
        name = finding.claim.id
        if (name in was) != (name in still):
            own = experiments_behind(finding.claim, experiments)
            seeds = min(len(experiments[experiment].seeds) for experiment in own)
            said.append(f"{name} {finding.verdict} at {seed_count(seeds)}")
    return ", ".join(said) or "nothing decided"


def plan(step: Step | None, left: float, more: bool) -> str:
    """The next step and the time left; without a step, whether there is `more` to decide."""
    time = f"{duration(max(left, 0))} left"
    if step is None:
        return f"{'no further seed fits' if more else 'nothing to train'}, {time}"
    parts = [
        f"{name}, seeds {seeds[0]} to {seeds[-1]}" if seeds[1:] else f"{name}, seed {seeds[0]}"
        for name, seeds in step.added.items()
    ]
    trained = f"{' with '.join(parts)}, for {', '.join(step.claims)}"
    return f"next {trained}, about {duration(step.seconds)}; {time}"


def summary(
    findings: Iterable[Finding],
    experiments: Experiments,
    costs: Mapping[str, float],
    cores: int,
    full: Mapping[str, str],
) -> list[str]:
    """A line for each undecided claim: what would decide it, or why nothing will."""
    lines = []
    for finding in undecided(findings):
        lacks = missing(finding, experiments)
        if not lacks and (why := without_values(finding)):
            said = f"{why[0]}, and more may not change that"
        elif not wanted(finding):
            said = f"further seeds as these would not decide it, or it takes over {MOST_SEEDS}"
        elif refused := [name for name in lacks if name in full]:
            said = f"{refused[0]} can have no more seeds ({full[refused[0]]})"
        elif not lacks:
            said = "its experiments have the seeds that it needs"
        else:
            seeds = " and ".join(f"{n} more of {name}" for name, n in lacks.items())
            time = duration(cost_of(finding, experiments, costs, cores))
            said = f"at {seed_count(wanted(finding))}, {seeds}, about {time}"
        lines.append(f"{finding.claim.id} {finding.verdict}: {said}")
    return lines
