"""Distances between the weights of the runs of a variant, epoch by epoch."""

from itertools import combinations

import numpy as np

from hw1.networks.weights import Snapshots, views

KIND = {
    "needs": ["alike"],
    "scope": "experiment",
    "data": False,
    "tables": {"": ["variant", "seed", "other_seed", "epoch", "distance", "displacement_cosine"]},
    "settings": {"view": {"enum": ["layer1", "model"]}},
}


def analyse(runs: list[Snapshots], settings: dict, data: None) -> dict[str, list[dict]]:
    """A row per pair of seeds of a variant and epoch that both have: the L2 norm of the difference
    of their weights, in the full space, and the cosine of the angle between their ways from the
    start. No row if there is one seed."""
    found = []
    for (run, own), (other, theirs) in combinations(zip(runs, views(runs, settings["view"])), 2):
        if run.settings.variant != other.settings.variant:
            continue
        own, theirs = own.astype(np.float64), theirs.astype(np.float64)
        at = dict(zip(other.epochs.tolist(), theirs))
        found += [
            {
                "variant": run.settings.variant,
                "seed": run.settings.seed,
                "other_seed": other.settings.seed,
                "epoch": epoch,
                "distance": float(np.linalg.norm(vector - at[epoch])),
                "displacement_cosine": cosine(vector - own[0], at[epoch] - theirs[0]),
            }
            for epoch, vector in zip(run.epochs.tolist(), own)
            if epoch in at
        ]
    return {"": found}


def cosine(first: np.ndarray, second: np.ndarray) -> float | None:
    """The cosine of the angle between two vectors (p,); None if one of them is 0."""
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    return float(first @ second / lengths) if lengths else None
