"""Say which files of a build are not as they were written."""

import argparse
import sys
from pathlib import Path

from hw1.results import published
from hw1.results.command import one_line_errors
from hw1.results.verification import verify


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder")
    parser.add_argument("--published", type=Path, required=True, help="folder")
    args = parser.parse_args()
    try:
        found = list(verify(args.results))
    except ValueError as error:  # a finding like the others: it belongs on the terminal
        print(error)
        sys.exit(1)
    for file in found:
        if line := file.damage or file.leftover:
            print(line)
    wrong = published.damage(args.published)
    for line in wrong:
        print(line)
    checked = sum(file.checked for file in found) + len(published.manifest(args.published)["files"])
    damaged = sum(file.damage is not None for file in found) + len(wrong)
    others = sum(not file.checked for file in found)
    print(f"{checked} files checked, {damaged} damaged; {others} of other kinds")
    sys.exit(damaged > 0)


if __name__ == "__main__":
    main()
