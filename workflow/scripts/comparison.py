"""Say whether a build agrees with the published tables: seeds that both have, and all others."""

import argparse
import json
from collections import Counter
from pathlib import Path

from hw1.claims import comparison, statistics
from hw1.claims.comparison import IN_LINE, SAME
from hw1.results import published, tables
from hw1.results.command import one_line_errors
from hw1.results.files import replacing
from hw1.results.wording import seed_count
from hw1.settings.claims import read


def summary(experiment: str, ours: dict, theirs: dict, rows: list[dict]) -> list[str]:
    """A line for an experiment, and one for each of its measures that is not in line."""
    seeds, others = (comparison.seeds_in(side, experiment) for side in (ours, theirs))
    name = f"{experiment}_metrics"
    text = f"{experiment}: {seed_count(len(seeds))}, published {len(others)}"
    if both := seeds & others:
        said = published.same(ours[name], theirs[name], ["variant", "seed", "epoch", "split"])
        same = "the same numbers"
        if said:
            same = f"other numbers, as another processor, device or torch gives ({said})"
        text += f"; of {seed_count(len(both))} that both have {same}"
    own = [row for row in rows if row["experiment"] == experiment]
    counts = Counter(row["verdict"] for row in own)
    found = [f"{counts[word]} {word}" for word in comparison.VERDICTS if counts[word]]
    text += f"; of {len(own)} measures of claims {', '.join(found)}" if found else ""
    return [f"{text}.", *(f"  {r['sentence']}" for r in own if r["verdict"] not in (IN_LINE, SAME))]


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=Path, nargs="*", required=True)
    parser.add_argument("--statistics", type=Path, nargs="*", required=True, help="of extensions")
    parser.add_argument("--tables", type=Path, nargs="*", required=True, help="of the build")
    parser.add_argument("--published", type=Path, nargs="*", required=True, help="tables")
    parser.add_argument(
        "--experiments", type=json.loads, required=True, help="JSON: why one is not compared, or ''"
    )
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    args = parser.parse_args()
    statistics.load(args.statistics)
    claims = [claim for path in args.claims for claim in read(path)]
    ours, theirs = tables.read_all(args.tables), tables.read_all(args.published)
    names = [name for name, reason in args.experiments.items() if not reason]
    rows = comparison.rows_of(comparison.compare(claims, ours, theirs, names))
    lines = []
    for name, reason in args.experiments.items():
        if reason:
            lines.append(f"{name}: not compared, {reason}.")
        else:
            lines += summary(name, ours, theirs, rows)
    tables.write(args.table, rows)
    with replacing(args.text) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
