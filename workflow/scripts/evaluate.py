"""Evaluate the snapshots of runs with frozen weights on the whole train and test splits."""

import argparse
import json
from pathlib import Path

import torch

from hw1 import arrays, checkpoints, devices, inputs, models, tables
from hw1.architectures import example_shape
from hw1.baselines import best_constant
from hw1.command import one_line_errors
from hw1.evaluation import evaluate


def scores(checkpoint: dict, samples: arrays.Arrays, device: torch.device) -> list[dict]:
    """A row for each snapshot and split of one run."""
    settings = json.loads(checkpoint["settings"])
    splits = inputs.tensors(samples, settings, device)
    model = models.build(settings["model"], *example_shape(settings)).to(device)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    constants = {name: best_constant(split.targets.cpu().numpy()) for name, split in splits.items()}
    rows = []
    for epoch, weights in sorted(checkpoint["snapshots"].items()):
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
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path, required=True, help="of all of them")
    parser.add_argument("--device", required=True)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True, help="one per checkpoint")
    args = parser.parse_args()

    devices.make_reproducible()
    device = devices.choose_device(args.device)
    samples = arrays.load(args.data)
    for path, metrics in zip(args.checkpoints, args.metrics, strict=True):
        tables.write(metrics, scores(checkpoints.load(path), samples, device))


if __name__ == "__main__":
    main()
