"""Hidden units that are 0 for every training example, layer by layer.

A ReLU that is 0 for all examples passes no gradient on; a layer of such units alone makes the
output a constant, whatever the layers before it do (Lu, Shin, Su and Karniadakis 2019).
"""

import torch
from torch import nn

from hw1.data.inputs import Data
from hw1.networks.weights import Snapshots
from hw1.results import tables

KIND = {
    "needs": ["mlps"],
    "scope": "run",
    "data": True,
    "tables": {"": ["experiment", "variant", "seed", "epoch", "layer", "units", "dead_units"]},
}


@torch.inference_mode()
def dead_units(model: nn.Sequential, inputs: torch.Tensor) -> list[tuple[int, int]]:
    """The units of each hidden layer, and how many of them are 0 at all inputs (n, features)."""
    found = []
    for module in model:
        inputs = module(inputs)
        if not isinstance(module, nn.Linear):  # after an activation
            found.append((inputs.shape[1], int((inputs == 0).all(0).sum())))
    return found


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per run, snapshot and hidden layer; layers count from 1."""
    found = []
    for run in runs:
        inputs = data.splits(run.settings)["train"].inputs
        rows = []
        for place, epoch in enumerate(run.epochs.tolist()):
            counted = dead_units(run.network(data.device, place), inputs)
            rows += [
                {"epoch": epoch, "layer": layer, "units": units, "dead_units": dead}
                for layer, (units, dead) in enumerate(counted, start=1)
            ]
        found += tables.identify(run.settings, rows)
    return {"": found}
