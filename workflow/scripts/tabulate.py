"""Join the tables of many runs into one, values untouched."""

import argparse
from pathlib import Path

from hw1.results import tables
from hw1.results.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    tables.write(args.output, tables.concatenate(args.tables))


if __name__ == "__main__":
    main()
