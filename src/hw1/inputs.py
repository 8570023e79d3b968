"""From the arrays of a data set to the tensors of one run: scaling, resizing, random labels."""

from math import prod
from typing import NamedTuple

import torch
from torch.nn import functional

from hw1.architectures import classes_of, example_shape
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
    return Data(arrays, device).splits(settings)


class Data:
    """A data set on a device, for runs that differ in little: what they share is made once."""

    def __init__(self, arrays: Arrays, device: torch.device) -> None:
        self.arrays, self.device = arrays, device
        self.presented: tuple[list, dict[str, Split]] | None = None

    def splits(self, settings: dict) -> dict[str, Split]:
        """The splits as the run of `settings` sees them; see `tensors`."""
        example, _ = example_shape(settings)
        if settings["model"]["kind"] == "mlp":
            example = (prod(example),)
        look = [example, settings["dataset"], (settings.get("inputs") or {}).get("range")]
        if self.presented is None or self.presented[0] != look:
            self.presented = (look, self.present(settings, example))
        splits = dict(self.presented[1])
        classes = classes_of(settings)
        if classes and settings["inputs"]["labels"] == "random":
            inputs, targets = splits["train"]
            random = generator((settings["seed"], settings["stream"]), "labels")
            drawn = torch.randint(classes, targets.shape, generator=random)
            splits["train"] = Split(inputs, drawn.to(self.device))
        return splits

    def present(self, settings: dict, example: tuple[int, ...]) -> dict[str, Split]:
        """The splits with inputs (n, *example) and the labels of the data set."""
        splits = {}
        for name in ("train", "test"):
            if f"{name}_inputs" not in self.arrays:
                continue
            # A copy, since it is scaled in place.
            inputs = torch.tensor(self.arrays[f"{name}_inputs"], dtype=torch.float32)
            targets = torch.from_numpy(self.arrays[f"{name}_targets"])
            if classes_of(settings) is None:
                targets = targets.float()
            if settings["dataset"]["kind"] not in ("function", "arrays"):
                low, high = settings["inputs"]["range"]
                inputs = inputs.unsqueeze(1)
                if inputs.shape[-1] != settings["inputs"]["size"]:
                    size = (settings["inputs"]["size"],) * 2
                    inputs = functional.interpolate(inputs, size, mode="bilinear", antialias=True)
                inputs.mul_((high - low) / 255).add_(low)
            inputs = inputs.reshape(-1, *example).to(self.device)
            splits[name] = Split(inputs, targets.to(self.device))
        return splits
