"""Trained networks, to predict with."""

import os

import numpy as np
import torch
from msgspec import ValidationError
from msgspec.structs import replace

from hw1.data.inputs import Data
from hw1.networks import models
from hw1.settings.runs import Run
from hw1.training import checkpoints


class Predictor:
    """A network after a snapshot epoch, with the settings of its run."""

    def __init__(self, run: dict, epoch: int | None = None) -> None:
        self.settings = Run.of(run["settings"])
        snapshots = run["snapshots"]
        if epoch is not None and epoch not in snapshots:
            kept = ", ".join(map(str, sorted(snapshots)))
            raise ValueError(f"found no snapshot of epoch {epoch}, expected one of {kept}")
        self.epoch: int = max(snapshots) if epoch is None else epoch
        found = self.settings
        self.network = models.build(found.model, found.example_shape, found.outputs)
        self.network.load_state_dict(snapshots[self.epoch])
        self.network.eval()

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """The network's outputs (n, outputs) for inputs as they stand in the data's file: images
        (n, size, size) from 0 to 255, x (n, 1), or the user's own, with pixels from 0 to 255."""
        arrays = {"train_inputs": np.asarray(inputs), "train_targets": np.zeros(len(inputs))}
        data = Data(arrays, torch.device("cpu"))
        # An image, (1, size, size), has no axis for its channel in the file.
        axes = 2 if len(self.settings.example_shape) == 1 else 3
        if arrays["train_inputs"].ndim != axes:
            raise ValueError(
                f"found inputs of shape {arrays['train_inputs'].shape}, expected {axes} axes, the "
                "first one for the examples"
            )
        # All inputs, with given labels, whatever the training took.
        shown = replace(self.settings.inputs, labels=None, examples=None)
        given = replace(self.settings, inputs=shown)
        with torch.inference_mode():
            return self.network(data.splits(given)["train"].inputs).numpy()

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Labels (n,), or real values (n, outputs), for inputs as `outputs` takes them."""
        found = self.outputs(inputs)
        return found if self.settings.label_count is None else found.argmax(1)


def load(path: str | os.PathLike, seed: int | None = None, epoch: int | None = None) -> Predictor:
    """A network from a checkpoint, after its last epoch or another kept one. The seed may be left
    out if the checkpoint has one.

    Raises ValueError where the file is damaged, was made by a version with other settings, or has
    no such seed or epoch.
    """
    runs = checkpoints.load(path)
    if seed is None and len(runs) == 1:
        (seed,) = runs
    if seed not in runs:
        said = "say which" if seed is None else f"found seed={seed!r}"
        raise ValueError(f"{path}: {said}, expected one of {', '.join(map(str, runs))}")
    try:
        return Predictor(runs[seed], epoch)
    except ValidationError as error:
        raise ValueError(f"{path}: made by another version ({error}): train it again") from error
