"""What a finished build cost: useful training seconds, time of all jobs, largest memory.

python benchmarks/build_summary.py [DIRECTORY] [--wall SECONDS --cores N]

DIRECTORY holds results/ (default: the current one). The script reads the provenance files of the
trainings and Snakemake's benchmark files. It prints one line per rule and one per experiment. With
Snakemake's seconds and cores it also prints how much of these was useful training.
"""

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from hw1.results.command import one_line_errors


def job_costs(results: Path) -> pd.DataFrame:
    """One row per job: rule, job, wall seconds, peak resident memory in MiB.

    Snakemake records the last attempt of a job, and samples the memory every few seconds.
    """
    rows = []
    benchmarks = results / "benchmarks"
    for path in benchmarks.rglob("*.tsv"):
        rule, *job = path.relative_to(benchmarks).with_suffix("").parts
        measured = pd.read_csv(path, sep="\t").iloc[-1]
        memory = pd.to_numeric(measured["max_rss"], errors="coerce")
        rows.append(
            {"rule": rule, "job": "/".join(job), "seconds": measured["s"], "memory": memory}
        )
    return pd.DataFrame(rows)


def training_costs(results: Path) -> pd.DataFrame:
    """One row per run, from what it recorded itself: seconds over all attempts, memory in MiB."""
    rows = []
    for path in (results / "provenance").rglob("*.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        experiment, variant, _ = path.relative_to(results / "provenance").parts
        rows.append(
            {
                "experiment": experiment,
                "variant": variant,
                "training_seconds": facts["training_seconds"],
                "memory": facts["peak_memory_mib"],
            }
        )
    return pd.DataFrame(rows)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, nargs="?", default=Path("."))
    parser.add_argument("--wall", type=float, help="seconds that Snakemake took")
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    results = args.directory / "results"
    if args.cores < 1 or (args.wall is not None and args.wall <= 0):
        raise ValueError(
            f"--cores, --wall: found {args.cores}, {args.wall}: expected numbers above 0"
        )
    jobs, runs = job_costs(results), training_costs(results)
    for found, expected in ((jobs, "benchmarks/**/*.tsv"), (runs, "provenance/**/*.json")):
        if found.empty:
            raise ValueError(
                f"{results}: found no {expected}, expected those of a finished training: build "
                "something first, or name the folder that holds results/"
            )

    per_rule = jobs.groupby("rule").agg(
        jobs=("job", "size"), seconds=("seconds", "sum"), largest_memory_mib=("memory", "max")
    )
    print(per_rule.sort_values("seconds", ascending=False).round(0).to_string())

    experiments = runs.groupby("experiment").agg(
        runs=("memory", "size"), training_seconds=("training_seconds", "sum")
    )
    trainings = jobs[jobs["rule"] == "train"]
    in_jobs = trainings.groupby(trainings["job"].str.split("/").str[0])["seconds"].sum()
    experiments["job_seconds"] = in_jobs
    experiments["share"] = experiments["training_seconds"] / experiments["job_seconds"]
    print(f"\n{experiments.round(2).to_string()}")

    useful = runs["training_seconds"].sum()
    print(f"\nuseful training seconds  {useful:.0f}")
    print(f"seconds of all jobs      {jobs['seconds'].sum():.0f}")
    if args.wall:
        share = useful / (args.wall * args.cores)
        print(f"useful share             {share:.3f} of {args.wall:.0f} s on {args.cores} cores")
    largest = runs.loc[runs["memory"].idxmax()]
    memory = max(largest.memory, jobs["memory"].max())
    print(f"largest peak memory      {memory:.0f} MiB")
    print(f"  of a training          {largest.memory} MiB ({largest.experiment}/{largest.variant})")


if __name__ == "__main__":
    main()
