"""How long Snakemake takes to plan many runs before the first starts.

python benchmarks/dry_run.py [--runs 100 1000 10000] [--seeds-per-job 20]

Does a dry run of `trajectory` for each number of seeds (a training, an evaluation and a snapshot of
each batch), in an empty folder. Prints a table.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.results.command import one_line_errors  # noqa: E402


def plan(runs: int, seeds_per_job: int) -> tuple[int, float]:
    """Number of jobs of a dry run, and its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        overlay = Path(folder, "seeds.yaml")
        experiment = {"seeds": f"0-{runs - 1}", "seeds_per_job": seeds_per_job}
        overlay.write_text(
            yaml.safe_dump({"experiments": {"trajectory": experiment}}), encoding="utf-8"
        )
        command = [sys.executable, "-m", "snakemake", "--dry-run", "trajectory"]
        command += ["--snakefile", ROOT / "Snakefile", "--directory", folder]
        command += ["--workflow-profile", ROOT / "profiles/default"]
        started = time.monotonic()
        said = subprocess.run(
            [*command, "--configfile", overlay], check=False, capture_output=True, text=True
        )
        seconds = time.monotonic() - started
    if said.returncode:
        raise ValueError(f"snakemake failed: {said.stderr}")
    total = [line for line in said.stdout.splitlines() if line.startswith("total ")][-1]
    return int(total.split()[1]), seconds


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--seeds-per-job", type=int, default=20)
    args = parser.parse_args()
    if least := [number for number in (*args.runs, args.seeds_per_job) if number < 1]:
        raise ValueError(f"--runs, --seeds-per-job: found {least[0]}, expected 1 or more")
    print(f"{'runs':>8} {'jobs':>8} {'seconds':>8}")
    for runs in args.runs:
        jobs, seconds = plan(runs, args.seeds_per_job)
        print(f"{runs:8} {jobs:8} {seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
