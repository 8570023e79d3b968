"""Do one analysis of trained networks: weights and perhaps a data set in, tables out."""

import argparse
import json
from pathlib import Path

from hw1.networks import weights
from hw1.results import tables
from hw1.results.command import one_line_errors
from hw1.settings import kinds


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", type=Path, required=True, help="the file of the kind of analysis")
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON")
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--device", required=True)
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="in order of KIND")
    args = parser.parse_args()

    kind = kinds.load(args.kind)
    data = None
    if args.data:
        # They import torch, which not every kind needs.
        from hw1.data.inputs import Data
        from hw1.results import arrays
        from hw1.training import devices

        devices.make_reproducible()
        data = Data(arrays.load(args.data), devices.choose_device(args.device))
    runs = [run for path in args.weights for run in weights.load(path)]
    found = kind.analyse(runs, args.settings, data)
    for path, (table, columns) in zip(args.tables, kind.KIND["tables"].items(), strict=True):
        tables.write(path, kinds.as_declared(args.kind, table, columns, found[table]), columns)


if __name__ == "__main__":
    main()
