"""Flatten the weight snapshots of one run into a matrix that is read without torch."""

import argparse
from pathlib import Path

from hw1 import checkpoints, weights
from hw1.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    weights.save(args.weights, weights.flatten(checkpoints.load(args.checkpoint)))


if __name__ == "__main__":
    main()
