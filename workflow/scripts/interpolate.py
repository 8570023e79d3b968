"""Evaluate the networks on the line between two trainings of one seed."""

import argparse
import json
from pathlib import Path

import numpy as np

from hw1 import arrays, devices, inputs, interpolation, models, tables, weights
from hw1.architectures import example_shape
from hw1.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=Path, required=True, help="weights file, alpha 0")
    parser.add_argument("--end", type=Path, required=True, help="weights file, alpha 1")
    parser.add_argument("--alphas", type=json.loads, required=True, help="JSON list of numbers")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    devices.make_reproducible()
    device = devices.choose_device(args.device)
    start, end = weights.load(args.start), weights.load(args.end)
    settings = json.loads(start.settings)
    splits = inputs.tensors(arrays.load(args.data), settings, device)
    model = models.build(settings["model"], *example_shape(settings)).to(device)
    rows = interpolation.line(
        model, start.weights[-1], end.weights[-1], np.array(args.alphas), splits
    )
    pair = f"{settings['variant']}_{json.loads(end.settings)['variant']}"
    tables.write(args.output, tables.identify(settings | {"variant": pair}, rows))


if __name__ == "__main__":
    main()
