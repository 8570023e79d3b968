"""What the networks of a function predict on its samples, after the last epoch."""

import torch

from hw1.data.inputs import Data
from hw1.networks.weights import Snapshots
from hw1.results import tables

KIND = {
    "needs": ["functions"],
    "scope": "experiment",
    "data": True,
    "tables": {"": ["experiment", "variant", "seed", "x", "target", "prediction"]},
}


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per run and sample."""
    x, targets = (data.arrays[f"train_{name}"].ravel().tolist() for name in ("inputs", "targets"))
    found = []
    for run in runs:
        split = data.splits(run.settings)["train"]
        with torch.inference_mode():
            predictions = run.network(data.device)(split.inputs).flatten().tolist()
        points = [
            dict(zip(("x", "target", "prediction"), values))
            for values in zip(x, targets, predictions)
        ]
        found += tables.identify(run.settings, points)
    return {"": found}
