"""Tabulate what the networks of one function predict on its samples."""

import argparse
import json
from pathlib import Path

import torch

from hw1 import arrays, checkpoints, devices, inputs, models, tables
from hw1.architectures import example_shape
from hw1.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    devices.make_reproducible()
    device = devices.choose_device(args.device)
    samples = arrays.load(args.data)
    x, targets = samples["train_inputs"].ravel(), samples["train_targets"].ravel()
    rows = []
    for path in args.checkpoints:
        checkpoint = checkpoints.load(path)
        settings = json.loads(checkpoint["settings"])
        split = inputs.tensors(samples, settings, device)["train"]
        model = models.build(settings["model"], *example_shape(settings)).to(device)
        model.load_state_dict(checkpoint["snapshots"][max(checkpoint["snapshots"])])
        with torch.inference_mode():
            predictions = model(split.inputs).flatten().tolist()
        columns = zip(x.tolist(), targets.tolist(), predictions)
        points = [dict(zip(("x", "target", "prediction"), values)) for values in columns]
        rows += tables.identify(settings, points)
    tables.write(args.output, rows)


if __name__ == "__main__":
    main()
