"""Weight snapshots of runs as matrices, readable without torch.

A weights file is an .npz of the runs of one batch. It has `settings` (r,), the JSON text of each
run's settings, and `first_layer`, how many of the p parameters belong to the first layer. For each
run, by its place, it has `epochs_0` (s,) and `weights_0` (s, p) float32: all parameters of a
snapshot in the order of `model.parameters()`. With batch norm it also has `statistics_0` (s, b), in
the order of `model.buffers()`. Runs that stop by their loss may have different epochs.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hw1.results import arrays
from hw1.settings.runs import Run

if TYPE_CHECKING:
    from torch import device, nn


class Snapshots(NamedTuple):
    """Snapshots of one run: its settings, epochs (s,), weights (s, p), the number of weights in
    layer 1, and the statistics of batch norm (s, b)."""

    settings: Run
    epochs: np.ndarray
    weights: np.ndarray
    first_layer: int
    statistics: np.ndarray

    def network(self, device: "device | str" = "cpu", snapshot: int = -1) -> "nn.Sequential":
        """The network with the weights of a snapshot, by default the last."""
        import torch

        from hw1.networks import models

        run = self.settings
        model = models.build(run.model, run.example_shape, run.outputs).to(device)
        with torch.no_grad():  # copies, since views into a vector give other rounding
            for kept, values in (
                (list(model.parameters()), self.weights),
                (list(model.buffers()), self.statistics),
            ):
                vector = torch.from_numpy(values[snapshot]).to(device)
                for tensor, part in zip(kept, vector.split([t.numel() for t in kept])):
                    tensor.copy_(part.view_as(tensor))
        return model.eval()


STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # the buffers of batch norm


def views(runs: Iterable[Snapshots], view: str) -> list[np.ndarray]:
    """The weights (s, q) of each run in a view: of `layer1` or of the whole `model`."""
    return [run.weights[:, : run.first_layer if view == "layer1" else None] for run in runs]


def flatten(checkpoint: dict) -> Snapshots:
    """The snapshots of one run of a checkpoint (see `hw1.training.checkpoints`)."""
    snapshots = dict(sorted(checkpoint["snapshots"].items()))
    state = next(iter(snapshots.values()))
    kept = [name for name in state if name.endswith(STATISTICS)]

    def rows(names: list[str]) -> np.ndarray:
        return np.stack(
            [
                np.concatenate(
                    [np.empty(0, np.float32), *(now[name].numpy().ravel() for name in names)]
                )
                for now in snapshots.values()
            ]
        ).astype(np.float32)

    return Snapshots(
        Run.of(checkpoint["settings"]),
        np.array(list(snapshots), dtype=np.int64),
        rows([name for name in state if name not in kept]),
        sum(tensor.numel() for name, tensor in state.items() if name.startswith("0.")),
        rows(kept),
    )


def save(path: str | os.PathLike, runs: list[Snapshots]) -> None:
    """Write the runs of a batch; the same weights give the same bytes."""
    arrays.save(
        path,
        {
            "settings": np.array([run.settings.text for run in runs]),
            "first_layer": np.array(runs[0].first_layer),
            **{f"epochs_{place}": run.epochs for place, run in enumerate(runs)},
            **{f"weights_{place}": run.weights for place, run in enumerate(runs)},
            **{
                f"statistics_{place}": run.statistics
                for place, run in enumerate(runs)
                if run.statistics.size
            },
        },
    )


def load(path: str | os.PathLike) -> list[Snapshots]:
    """Read a weights file. Raises ValueError where it is damaged."""
    found = arrays.load(path)
    return [
        Snapshots(
            Run.of(str(settings)),
            found[f"epochs_{place}"],
            found[f"weights_{place}"],
            int(found["first_layer"]),
            found.get(
                f"statistics_{place}", np.empty((len(found[f"epochs_{place}"]), 0), np.float32)
            ),
        )
        for place, settings in enumerate(found["settings"])
    ]
