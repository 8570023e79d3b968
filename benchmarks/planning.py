"""What `snakemake -n` costs in some checkouts whose demo is built, as parts of the first one's.

python benchmarks/planning.py CHECKOUT CHECKOUT... [--times 11]

Takes the checkouts in turn, `--times` each, all with this Python. Prints a table of processor times
(user and system, in seconds): the median, the least, and the ratio of the medians.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.results.command import one_line_errors  # noqa: E402

COMMAND = "-P -m snakemake -n --cores 2 --directory demo --configfile presets/demo.yaml".split()


def seconds(checkout: Path) -> float:
    """The processor time of a plan that finds nothing to do."""
    before = os.times()
    said = subprocess.run(
        [sys.executable, *COMMAND],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        text=True,
    )
    after = os.times()
    if said.returncode or "Nothing to be done" not in said.stdout + said.stderr:
        raise ValueError(f"{checkout}: found a demo that is not built: make demo builds it")
    used = after.children_user - before.children_user
    return used + after.children_system - before.children_system


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", type=Path, nargs="+", metavar="CHECKOUT")
    parser.add_argument("--times", type=int, default=11)
    args = parser.parse_args()
    checkouts = [checkout.resolve() for checkout in args.checkouts]
    found: dict[Path, list[float]] = {checkout: [] for checkout in checkouts}
    for checkout in checkouts:
        seconds(checkout)  # fills caches
    for _ in range(args.times):
        for checkout in checkouts:
            found[checkout].append(seconds(checkout))
    first = statistics.median(found[checkouts[0]])
    print("| checkout | median | least | ratio |\n|---|---|---|---|")
    for checkout, times in found.items():
        median = statistics.median(times)
        print(f"| {checkout} | {median:.2f} | {min(times):.2f} | {median / first:.3f} |")


if __name__ == "__main__":
    main()
