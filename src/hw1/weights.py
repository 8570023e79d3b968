"""Weight snapshots of a run as one matrix, readable without torch.

A weights file is an .npz with `epochs` (s,), `weights` (s, p) float32: each row all parameters
of one snapshot in the order of `model.parameters()`; `first_layer`, how many of the p belong to
the first layer; and `settings`, the JSON text of the run's settings.
"""

import os
from typing import NamedTuple

import numpy as np

from hw1 import arrays


class Weights(NamedTuple):
    """Snapshots of one run; see the module."""

    epochs: np.ndarray
    weights: np.ndarray
    first_layer: int
    settings: str


def flatten(checkpoint: dict) -> Weights:
    """Flatten the snapshots of a checkpoint (see `hw1.checkpoints`)."""
    snapshots = dict(sorted(checkpoint["snapshots"].items()))
    rows = [
        np.concatenate([tensor.numpy().ravel() for tensor in state.values()])
        for state in snapshots.values()
    ]
    state = next(iter(snapshots.values()))
    first_layer = sum(t.numel() for name, t in state.items() if name.startswith("0."))
    return Weights(
        np.array(list(snapshots), dtype=np.int64),
        np.stack(rows),
        first_layer,
        checkpoint["settings"],
    )


def save(path: str | os.PathLike, weights: Weights) -> None:
    """Write a weights file; the same weights give the same bytes."""
    arrays.save(path, weights._asdict())


def load(path: str | os.PathLike) -> Weights:
    """Read a weights file. Raises ValueError where it is damaged."""
    found = arrays.load(path)
    return Weights(
        found["epochs"],
        found["weights"],
        int(found["first_layer"]),
        str(found["settings"]),
    )
