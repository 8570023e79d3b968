"""What `snakemake -n` costs in some checkouts, of a finished build: by default, of the demo.

python benchmarks/planning.py CHECKOUT CHECKOUT... [--times 11] [--options=OPTIONS]

Takes the checkouts in turn, `--times` each, all with this Python. Prints a table of processor times
(user and system, in seconds): the median, the least, and the ratio of the median to the first's.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.results.command import one_line_errors  # noqa: E402

DEMO = "--directory demo --configfile presets/demo.yaml"


def seconds(checkout: Path, options: list[str]) -> float:
    """The processor time of a plan that finds nothing to do."""
    before = os.times()
    said = subprocess.run(
        [sys.executable, "-P", "-m", "snakemake", "-n", "--cores", "1", *options],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout.resolve() / "src")},
        capture_output=True,
        text=True,
    )
    after = os.times()
    if said.returncode or "Nothing to be done" not in said.stdout + said.stderr:
        raise ValueError(f"{checkout}: found no finished build: make demo makes one")
    used = after.children_user - before.children_user
    return used + after.children_system - before.children_system


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", type=Path, nargs="+", metavar="CHECKOUT")
    parser.add_argument("--times", type=int, default=11)
    parser.add_argument("--options", default=DEMO, help="of Snakemake, in one text")
    args = parser.parse_args()
    if args.times < 1:
        raise ValueError(f"--times: found {args.times}, expected 1 or more")
    options = shlex.split(args.options)
    found: dict[Path, list[float]] = {checkout: [] for checkout in args.checkouts}
    for checkout in found:
        seconds(checkout, options)  # fills caches
    for _ in range(args.times):
        for checkout in found:
            found[checkout].append(seconds(checkout, options))
    first = statistics.median(found[args.checkouts[0]])
    print("| checkout | median | least | ratio |\n|---|---|---|---|")
    for checkout, times in found.items():
        median = statistics.median(times)
        print(f"| {checkout} | {median:.2f} | {min(times):.2f} | {median / first:.3f} |")


if __name__ == "__main__":
    main()
