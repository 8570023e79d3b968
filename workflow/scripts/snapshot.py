"""Flatten the weight snapshots of a batch of runs into matrices that are read without torch."""

import argparse
from pathlib import Path

from hw1.networks import weights
from hw1.results.command import one_line_errors
from hw1.training import checkpoints


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    runs = checkpoints.load(args.checkpoint)
    weights.save(args.weights, [weights.flatten(run) for run in runs.values()])


if __name__ == "__main__":
    main()
