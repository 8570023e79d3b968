"""Say which files of a build are not as they were written."""

import argparse
import sys
from pathlib import Path

from hw1.command import one_line_errors
from hw1.verification import verify


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder")
    args = parser.parse_args()
    found = list(verify(args.results))
    damaged = [file.damage for file in found if file.damage]
    for damage in damaged:
        print(damage)
    unfinished = sorted(args.results.rglob("*.resume"))
    for path in unfinished:
        print(f"{path} is of an unfinished training: the next build goes on from there")
    print(f"{len(found)} files checked, {len(damaged)} damaged")
    sys.exit(bool(damaged))


if __name__ == "__main__":
    main()
