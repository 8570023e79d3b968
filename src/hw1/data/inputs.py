"""From the arrays of a data set to the tensors of one run: scaling, resizing, random labels."""

from math import prod
from typing import NamedTuple

import torch
from torch.nn import functional

from hw1.data.seeding import generator, key_of
from hw1.results.arrays import Arrays
from hw1.settings.architectures import classes_of, example_shape


class Split(NamedTuple):
    """Inputs (n, features) or (n, 1, size, size) and targets (n, 1) float or (n,) labels."""

    inputs: torch.Tensor
    targets: torch.Tensor


def tensors(arrays: Arrays, settings: dict, device: torch.device) -> dict[str, Split]:
    """Return the `train` split and, except for functions, the `test` split, as a run sees them.

    Images, and pixels of one's own, are scaled linearly from 0-255 to `inputs.range`; images are
    resized bilinearly to `inputs.size`, once. With `inputs.labels: random` every training label is
    replaced by a uniform draw from the run's seed; with a number, that share of them is. Test
    labels stay true. `inputs.examples` keeps so many training examples, drawn once for all runs.
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
        shown = settings.get("inputs") or {}
        look = [example, settings["dataset"], shown.get("range"), shown.get("examples")]
        if self.presented is None or self.presented[0] != look:
            self.presented = (look, self.present(settings, example))
        splits = dict(self.presented[1])
        classes, labels = classes_of(settings), settings.get("inputs", {}).get("labels", "given")
        if classes and labels != "given":
            inputs, targets = splits["train"]
            key = key_of(settings, "labels")
            drawn = torch.randint(classes, targets.shape, generator=generator(key, "labels"))
            drawn = drawn.to(self.device)
            if labels != "random":  # a share of them
                order = torch.randperm(len(targets), generator=generator(key, "labels", 1))
                chosen = order[: round(labels * len(targets))].to(self.device)
                drawn = targets.index_copy(0, chosen, drawn[chosen])
            splits["train"] = Split(inputs, drawn)
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
                inputs = inputs.unsqueeze(1)
                if inputs.shape[-1] != settings["inputs"]["size"]:
                    size = (settings["inputs"]["size"],) * 2
                    inputs = functional.interpolate(inputs, size, mode="bilinear", antialias=True)
            shown = settings.get("inputs") or {}
            if "range" in shown:  # pixels
                low, high = shown["range"]
                inputs.mul_((high - low) / 255).add_(low)
            inputs = inputs.reshape(-1, *example).to(self.device)
            few = shown.get("examples")
            if name == "train" and few:  # the same for all runs, in their order
                order = torch.randperm(len(inputs), generator=generator((0, 0), "examples"))
                chosen = order[:few].sort().values
                inputs, targets = inputs[chosen], targets[chosen]
            splits[name] = Split(inputs, targets.to(self.device))
        return splits
