"""What a finished build cost: useful training seconds, time of all jobs, largest memory.

python benchmarks/build_summary.py [DIRECTORY], the one that holds results/ (default: this one).
Reads the side files of the trainings and Snakemake's benchmark files; prints one line per rule.
"""

import json
import sys
from pathlib import Path

import pandas as pd


def job_costs(results: Path) -> pd.DataFrame:
    """One row per job: rule, job, wall seconds, training seconds, peak resident memory in MiB.

    Trainings keep their own account of seconds (over all attempts) and memory; Snakemake knows the
    last attempt only, and samples the memory every few seconds.
    """
    rows = []
    benchmarks = results / "benchmarks"
    for path in benchmarks.rglob("*.tsv"):
        rule, *job = path.relative_to(benchmarks).with_suffix("").parts
        measured = pd.read_csv(path, sep="\t").iloc[-1]
        row = {"rule": rule, "job": "/".join(job), "seconds": measured["s"]}
        row["memory"] = pd.to_numeric(measured["max_rss"], errors="coerce")
        row["training_seconds"] = 0.0
        facts = results / "provenance" / f"{row['job']}.json"
        if rule == "train" and facts.exists():
            recorded = json.loads(facts.read_text())
            row["training_seconds"] = recorded["training_seconds"]
            row["seconds"] = max(row["seconds"], row["training_seconds"])
            row["memory"] = recorded["peak_memory_mib"]
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    results = Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "results"
    if not (results / "benchmarks").is_dir():
        sys.exit(f"build_summary: {results}/benchmarks is not there: build something first")
    costs = job_costs(results)
    summary = costs.groupby("rule").agg(
        jobs=("job", "size"), seconds=("seconds", "sum"), largest_memory_mib=("memory", "max")
    )
    print(summary.sort_values("seconds", ascending=False).round(0).to_string())
    print(f"\nuseful training seconds  {costs['training_seconds'].sum():.0f}")
    print(f"seconds of all jobs      {costs['seconds'].sum():.0f}")
    largest = costs.loc[costs["memory"].idxmax()]
    print(f"largest peak memory      {largest.memory:.0f} MiB ({largest.rule} {largest.job})")


if __name__ == "__main__":
    main()
