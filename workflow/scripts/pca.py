"""Project the weight snapshots of all runs on their principal components; measure distances."""

import argparse
import json
from pathlib import Path

from hw1 import tables, weights
from hw1.command import one_line_errors
from hw1.pca import distances, project, stack


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, nargs="+", required=True)
    parser.add_argument("--view", choices=["layer1", "model"], required=True)
    parser.add_argument("--coordinates", type=Path, required=True)
    parser.add_argument("--variance", type=Path, required=True)
    parser.add_argument("--distances", type=Path, required=True)
    args = parser.parse_args()

    runs = [weights.load(path) for path in args.weights]
    columns = slice(runs[0].first_layer if args.view == "layer1" else None)
    projection = project(stack([run.weights[:, columns] for run in runs]))
    points = iter(projection.coordinates.tolist())
    rows = []
    variants: dict[str, dict] = {}
    for run in runs:
        snapshots = [
            {"epoch": epoch, **dict(zip(("component_1", "component_2"), next(points)))}
            for epoch in run.epochs.tolist()
        ]
        settings = json.loads(run.settings)
        rows += tables.identify(settings, snapshots)
        vectors = dict(zip(run.epochs.tolist(), run.weights[:, columns]))
        variants.setdefault(settings["variant"], {})[settings["seed"]] = vectors
    tables.write(args.coordinates, rows)
    ratios = enumerate(projection.explained_variance_ratio.tolist(), start=1)
    tables.write(
        args.variance,
        [{"component": number, "explained_variance_ratio": ratio} for number, ratio in ratios],
    )
    pairs = [
        {"variant": variant, **pair}
        for variant, snapshots in variants.items()
        for pair in distances(snapshots)
    ]
    tables.write(args.distances, pairs)


if __name__ == "__main__":
    main()
