"""Decide a list of claims from tables, and write its ledger."""

import argparse
from pathlib import Path

from hw1.claims import ledger, statistics
from hw1.claims.decisions import decide
from hw1.results import tables
from hw1.results.command import one_line_errors
from hw1.settings.claims import read


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, required=True, help="the claims and their rules")
    parser.add_argument("--left-out", nargs="*", default=[], help="ids of claims not asked for")
    parser.add_argument("--statistics", type=Path, nargs="*", required=True, help="of extensions")
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--ledger", type=Path, required=True, help="a row per claim")
    parser.add_argument("--parts", type=Path, required=True, help="a row per part of a claim")
    args = parser.parse_args()
    statistics.load(args.statistics)
    findings = decide(read(args.claims), tables.read_all(args.tables), args.left_out)
    tables.write(args.ledger, ledger.claim_rows(findings), ledger.CLAIM_COLUMNS)
    tables.write(args.parts, ledger.part_rows(findings), ledger.PART_COLUMNS)


if __name__ == "__main__":
    main()
