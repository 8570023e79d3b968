"""Evaluate the snapshots of a batch of runs, weights frozen, on the whole train and test splits."""

import argparse
from pathlib import Path

from hw1.data.inputs import Data
from hw1.networks import models
from hw1.results import arrays, tables
from hw1.results.command import one_line_errors
from hw1.settings.runs import Run
from hw1.training import checkpoints, devices
from hw1.training.baselines import best_constant
from hw1.training.evaluation import evaluate


def scores(run: dict, data: Data) -> list[dict]:
    """A row for each snapshot and split of one run of a checkpoint."""
    settings = Run.of(run["settings"])
    splits = data.splits(settings)
    model = models.build(settings.model, settings.example_shape, settings.outputs).to(data.device)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    constants = {name: best_constant(split.targets.cpu().numpy()) for name, split in splits.items()}
    rows = []
    for epoch, weights in sorted(run["snapshots"].items()):
        model.load_state_dict(weights)
        for name, split in splits.items():
            score = evaluate(model, split)
            constant_loss, constant_accuracy = constants[name]
            rows.append(
                {
                    "parameters": parameters,
                    "epoch": epoch,
                    "split": name,
                    "examples": len(split.targets),
                    "loss": score.loss,
                    "accuracy": score.accuracy,
                    "constant_loss": constant_loss,
                    "constant_accuracy": constant_accuracy,
                }
            )
    return tables.identify(settings, rows)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--metrics", type=Path, required=True)
    args = parser.parse_args()

    devices.make_reproducible()
    data = Data(arrays.load(args.data), devices.choose_device(args.device))
    runs = checkpoints.load(args.checkpoint)
    tables.write(args.metrics, [row for run in runs.values() for row in scores(run, data)])


if __name__ == "__main__":
    main()
