"""Merge the results of a build into the published tables: seeds that all variants have."""

import argparse
import json
from pathlib import Path

import pandas as pd
import torch

from hw1.plan.plan import Plan
from hw1.plan.reading import files_of, planned
from hw1.plan.sources import ROOT, code, digest
from hw1.results import published, tables
from hw1.results.command import one_line_errors
from hw1.results.wording import seed_count
from hw1.settings.experiments import Experiments
from hw1.settings.runs import Run, Settings
from hw1.settings.validation import check_among
from hw1.training import checkpoints

RUN_TABLES = ("metrics", "history")


def provenance(results: Path, experiment: str, variant: str, seed: int) -> dict:
    """When, where and by which versions a run was trained."""
    path = results / "provenance" / experiment / variant / f"seed{seed}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def batches_of(
    results: Path, experiments: Experiments, experiment: str, variant: str
) -> dict[int, str]:
    """The name of the batch that each seed is in, of those with tables.

    Raises ValueError if a run was trained with other settings, code, torch or data than those that
    are here: its numbers would not be those of this checkout.
    """
    found = {}
    settings = experiments[experiment].variants[variant]
    begun = fingerprints_of_start(results, settings)
    files = [*code("train"), results / f"data/{experiments[experiment].datasets[variant]}.npz"]
    for path in sorted((results / "checkpoints" / experiment / variant).glob("*.pt")):
        tables_of = [results / t / experiment / variant / f"{path.stem}.csv" for t in RUN_TABLES]
        if not all(table.exists() for table in tables_of):
            continue  # not evaluated yet, or a batch of other seeds than now
        for seed, saved in checkpoints.load(path).items():
            expected = Run.of_seed(settings, seed, begun.get(seed, ""))
            if saved["settings"] != expected.text:
                raise ValueError(f"{path}: seed {seed} has other settings than config.yaml: {SAME}")
            device = provenance(results, experiment, variant, seed)["device"]
            device = torch.device(device if device in ("cpu", "mps") else "cuda")
            if checkpoints.fingerprint(saved["settings"], device, files) != saved["fingerprint"]:
                raise ValueError(f"{path}: seed {seed} is of other code, torch or data: {SAME}")
            found[seed] = path.stem
    return found


def fingerprints_of_start(results: Path, settings: Settings) -> dict[int, str]:
    """The fingerprints, by seed, of the runs that those of a variant start from, if they do."""
    start = settings.start
    place = results / "checkpoints" / start.experiment / start.variant if start else None
    return {
        seed: saved["fingerprint"]
        for path in (sorted(place.glob("*.pt")) if place else ())
        for seed, saved in checkpoints.load(path).items()
    }


SAME = "publish from the checkout and the environment that trained it"


def rows_of(results: Path, table: str, experiment: str, batches: dict) -> pd.DataFrame:
    """The rows of a table of the runs of an experiment, by variant and seed."""
    parts = []
    for variant, seeds in batches.items():
        for stem in dict.fromkeys(seeds.values()):
            rows = tables.read(results / table / experiment / variant / f"{stem}.csv")
            parts.append(rows[rows["seed"].map(seeds.get) == stem])
    return pd.concat(parts, ignore_index=True)


def publish(results: Path, folder: Path, arm: str, experiment: str, plan: Plan) -> dict:
    """Merge an experiment into the published tables; return what the manifest says of it."""
    variants = plan.experiments[experiment].variants
    for variant, settings in variants.items():
        start = settings.start
        if start and start.experiment != experiment:
            raise ValueError(
                f"{experiment}: {variant} starts from the weights of a run of "
                f"{start.experiment}: publish what starts from runs of its own experiment"
            )
    batches = {v: batches_of(results, plan.experiments, experiment, v) for v in variants}
    seeds = set.intersection(*map(set, batches.values()))
    if not seeds:
        raise ValueError(f"{results}: no seed of {experiment} has all of {', '.join(variants)}")
    batches = {v: {s: name for s, name in b.items() if s in seeds} for v, b in batches.items()}
    said = {variant: settings.said for variant, settings in variants.items()}
    own = [analysis for analysis in plan.analyses if analysis.experiment == experiment]
    analyses = {analysis.name: [analysis.kind.name, analysis.settings] for analysis in own}
    about = {"settings": said, "code": digest("train"), "analyses": analyses}
    found = {table: rows_of(results, table, experiment, batches) for table in RUN_TABLES}
    runs = [(experiment, v, s) for v in variants for s in sorted(seeds)]
    found["runs"] = pd.DataFrame(
        [dict(zip(tables.RUN_COLUMNS, run)) | provenance(results, *run) for run in runs]
    )
    before = published.manifest(folder)["arms"].get(arm, {}).get(experiment)
    there = set(before["seeds"]) if before else set()
    if before:
        check_same(folder / arm, experiment, before, about, found["metrics"], there & seeds)
    joint = []  # tables that are published anew for all seeds
    analysed = (before or {}).get("analyses", {})
    for analysis in own:
        as_before = analysed.get(analysis.name, analyses[analysis.name]) == analyses[analysis.name]
        for table in analysis.tables:
            path = results / f"tables/{experiment}_{table}.csv"
            if not path.exists():
                raise ValueError(f"{path} is missing: build it with snakemake {path}")
            found[table] = rows = tables.read(path)
            of_all = analysis.kind.declared.scope == "experiment"
            joint += [table] * (of_all or not as_before)
            if not of_all:
                found[table] = rows[rows["seed"].isin(seeds)]
                if lacking := sorted(seeds - {*rows["seed"]}):
                    raise ValueError(f"{path}: found no seed {lacking[0]}: build it again")
    if joint and not there <= seeds:
        raise ValueError(
            f"{experiment}: {joint[0]} is of all runs together, or of other settings than the "
            f"published one: found seeds {sorted(seeds)}, expected those that are published, too, "
            f"{sorted(there)}"
        )
    for table, rows in found.items():
        path = folder / arm / f"{experiment}_{table}.csv.xz"
        if before and table not in joint:
            rows = published.merged(rows, tables.read(path))
        published.pack(path, rows if table in joint else rows.sort_values("seed", kind="stable"))
    return about | {"seeds": sorted(there | seeds)}


def check_same(
    folder: Path, experiment: str, before: dict, about: dict, metrics: pd.DataFrame, both: set
) -> None:
    """Raise ValueError unless what is published was made with the same settings, and by code that
    gives the same numbers."""
    theirs, ours = (
        {variant: Settings.without_defaults(said) for variant, said in of["settings"].items()}
        for of in (before, about)
    )
    if theirs != ours:
        raise ValueError(
            f"{experiment}: published with other settings than config.yaml has: delete "
            f"{folder}/{experiment}_* and its entry of the manifest, or publish elsewhere"
        )
    if before["code"] == about["code"]:
        return
    if not both:
        again = f"train one of their seeds again, too ({before['seeds'][0]}), to compare"
        raise ValueError(f"{experiment}: published runs are of other code: {again}")
    metrics_there = tables.read(folder / f"{experiment}_metrics.csv.xz")
    if said := published.same(metrics, metrics_there, ["variant", "seed", "epoch", "split"]):
        runs = tables.read(folder / f"{experiment}_runs.csv.xz")
        by = runs[runs["seed"].isin(both)][["device", "torch"]].drop_duplicates()
        raise ValueError(
            f"{experiment}: this code gives other numbers than published: {said}; these were "
            f"trained on {' and '.join(f'{d} with torch {t}' for d, t in by.itertuples(False))}"
        )


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder of a build")
    parser.add_argument("--published", type=Path, default=ROOT / "published", help="folder")
    parser.add_argument("--arm", help="the first of config.yaml, if left out")
    parser.add_argument("experiments", nargs="*", help="all that have checkpoints, if left out")
    args = parser.parse_args()
    plan = planned(files_of(ROOT, []))
    arm = args.arm or plan.arms[0]
    check_among(arm, "--arm", plan.arms)
    plan = plan.of_arm(arm)
    names = args.experiments or [
        name for name in plan.experiments if (args.results / "checkpoints" / name).is_dir()
    ]
    for name in names:
        check_among(name, "experiments", plan.experiments)
    if not names:
        raise ValueError(f"{args.results / 'checkpoints'}: found no experiment of config.yaml")
    for name in names:
        about = publish(args.results, args.published, arm, name, plan)
        arms = published.manifest(args.published)["arms"]
        arms.setdefault(arm, {})[name] = about
        published.write_manifest(args.published, arms)
        print(f"{arm}/{name}: {seed_count(len(about['seeds']))} published")


if __name__ == "__main__":
    main()
