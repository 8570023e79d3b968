"""From the arrays of a data set to the tensors of one run: scaling, resizing, random labels."""

from math import prod
from typing import NamedTuple

import torch
from torch.nn import functional

from hw1.architectures import CLASSES, example_shape
from hw1.arrays import Arrays
from hw1.seeding import generator


class Split(NamedTuple):
    """Inputs (n, features) or (n, 1, size, size) and targets (n, 1) float or (n,) labels."""

    inputs: torch.Tensor
    targets: torch.Tensor


def tensors(arrays: Arrays, settings: dict, device: torch.device) -> dict[str, Split]:
    """Return the `train` split, and for images the `test` split, as a run sees them.

    Images are scaled linearly from 0-255 to `inputs.range` and resized bilinearly to
    `inputs.size`, once. With `inputs.labels: random` every training label is replaced by a
    uniform draw from the run's seed; test labels stay true.
    """
    splits = {}
    example, _ = example_shape(settings)
    if settings["model"]["kind"] == "mlp":
        example = (prod(example),)
    for name in ("train", "test"):
        if f"{name}_inputs" not in arrays:
            continue
        inputs = torch.from_numpy(arrays[f"{name}_inputs"]).float()
        targets = torch.from_numpy(arrays[f"{name}_targets"])
        if settings["dataset"]["kind"] == "function":
            targets = targets.float()
        else:
            low, high = settings["inputs"]["range"]
            inputs = inputs.unsqueeze(1)
            if inputs.shape[-1] != settings["inputs"]["size"]:
                size = (settings["inputs"]["size"],) * 2
                inputs = functional.interpolate(inputs, size, mode="bilinear", antialias=True)
            inputs.mul_((high - low) / 255).add_(low)
            if name == "train" and settings["inputs"]["labels"] == "random":
                random = generator((settings["seed"], settings["stream"]), "labels")
                targets = torch.randint(CLASSES, targets.shape, generator=random)
        splits[name] = Split(inputs.reshape(-1, *example).to(device), targets.to(device))
    return splits
