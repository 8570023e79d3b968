"""Unpack a published table."""

import argparse
from pathlib import Path

from hw1.results import tables
from hw1.results.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packed", type=Path, required=True)
    parser.add_argument("--table", type=Path, required=True)
    args = parser.parse_args()
    tables.store(args.table, tables.whole(args.packed).encode())


if __name__ == "__main__":
    main()
