"""Prepare one data set as a compact file; MNIST is downloaded if it is not there yet."""

import argparse
import functools
from pathlib import Path

import msgspec

from hw1.data import datasets
from hw1.results import arrays
from hw1.results.command import one_line_errors
from hw1.settings.dataset import DataSet

source_of = functools.partial(msgspec.json.decode, type=DataSet)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", type=source_of, required=True, help="JSON: its settings")
    parser.add_argument("--downloads", type=Path, required=True, help="folder of downloaded files")
    parser.add_argument("--source", type=Path, help="file of a data set of one's own")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    prepared = datasets.prepare(args.dataset, args.downloads, args.source)
    arrays.save(args.output, prepared)
    facts = (f"{k} {v.shape} from {v.min():g} to {v.max():g}" for k, v in prepared.items())
    print(f"{args.output}: {', '.join(facts)}")


if __name__ == "__main__":
    main()
