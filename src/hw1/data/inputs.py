"""From the arrays of a data set to the tensors of one run: scaling, resizing, random labels."""

from math import prod
from typing import NamedTuple

import torch
from torch.nn import functional

from hw1.data.seeding import generator
from hw1.results.arrays import Arrays
from hw1.settings.architectures import Mlp
from hw1.settings.runs import Run


class Split(NamedTuple):
    """Inputs (n, features) or (n, 1, size, size) and targets (n, 1) float or (n,) labels."""

    inputs: torch.Tensor
    targets: torch.Tensor


class Data:
    """A data set on a device, for runs that differ in little: what they share is made once."""

    def __init__(self, arrays: Arrays, device: torch.device) -> None:
        self.arrays, self.device = arrays, device
        self.presented: tuple[list, dict[str, Split]] | None = None

    def splits(self, run: Run) -> dict[str, Split]:
        """The `train` split and, except for functions, the `test` split, as a run sees them.

        Images, and pixels of one's own, are scaled linearly from 0-255 to `inputs.range`; images
        are resized bilinearly to `inputs.size`, once. With `inputs.labels: random` every training
        label is replaced by a uniform draw from the run's seed; with a number, that share of them
        is. Test labels stay true. `inputs.examples` keeps so many training examples, drawn once for
        all runs.
        """
        example, shown = run.example_shape, run.inputs
        if isinstance(run.model, Mlp):
            example = (prod(example),)
        look = [example, run.dataset, shown.range, shown.examples]
        if self.presented is None or self.presented[0] != look:
            self.presented = (look, self.present(run, example))
        splits = dict(self.presented[1])
        classes, labels = run.label_count, shown.labels
        if classes and labels not in (None, "given"):
            inputs, targets = splits["train"]
            key = run.key("labels")
            drawn = torch.randint(classes, targets.shape, generator=generator(key, "labels"))
            drawn = drawn.to(self.device)
            if not isinstance(labels, str):  # a share of them
                order = torch.randperm(len(targets), generator=generator(key, "labels", 1))
                chosen = order[: round(labels * len(targets))].to(self.device)
                drawn = targets.index_copy(0, chosen, drawn[chosen])
            splits["train"] = Split(inputs, drawn)
        return splits

    def present(self, run: Run, example: tuple[int, ...]) -> dict[str, Split]:
        """The splits with inputs (n, *example) and the labels of the data set."""
        splits = {}
        for name in ("train", "test"):
            if f"{name}_inputs" not in self.arrays:
                continue
            # A copy, since it is scaled in place.
            inputs = torch.tensor(self.arrays[f"{name}_inputs"], dtype=torch.float32)
            targets = torch.from_numpy(self.arrays[f"{name}_targets"])
            if run.label_count is None:
                targets = targets.float()
            shown = run.inputs
            if run.dataset.is_image:
                inputs = inputs.unsqueeze(1)
                size = run.example_shape[1:]
                if inputs.shape[2:] != size:
                    inputs = functional.interpolate(inputs, size, mode="bilinear", antialias=True)
            if shown.range:  # pixels
                low, high = shown.range
                inputs.mul_((high - low) / 255).add_(low)
            inputs = inputs.reshape(-1, *example).to(self.device)
            few = shown.examples
            if name == "train" and few:  # the same for all runs, in their order
                order = torch.randperm(len(inputs), generator=generator((0, 0), "examples"))
                chosen = order[:few].sort().values
                inputs, targets = inputs[chosen], targets[chosen]
            splits[name] = Split(inputs, targets.to(self.device))
        return splits
