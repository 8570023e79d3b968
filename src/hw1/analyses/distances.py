"""Distances between the weights of the runs of a variant, epoch by epoch."""

from itertools import combinations

import numpy as np

from hw1.weights import Run, views

KIND = {
    "needs": ["alike"],
    "scope": "experiment",
    "data": False,
    "tables": {"": ["variant", "seed", "other_seed", "epoch", "distance"]},
    "settings": {"view": {"enum": ["layer1", "model"]}},
}


def analyse(runs: list[Run], settings: dict, data: None) -> dict[str, list[dict]]:
    """A row per pair of seeds of a variant and epoch that both have: the L2 norm of the difference
    of their weights, in the full space. None where there is one seed."""
    found = []
    for (run, own), (other, theirs) in combinations(zip(runs, views(runs, settings["view"])), 2):
        if run.settings["variant"] != other.settings["variant"]:
            continue
        at = dict(zip(other.epochs.tolist(), theirs))
        found += [
            {
                "variant": run.settings["variant"],
                "seed": run.settings["seed"],
                "other_seed": other.settings["seed"],
                "epoch": epoch,
                "distance": float(np.linalg.norm(vector.astype(np.float64) - at[epoch])),
            }
            for epoch, vector in zip(run.epochs.tolist(), own)
            if epoch in at
        ]
    return {"": found}
