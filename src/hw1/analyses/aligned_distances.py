"""Distances between the weights of MLPs of different seeds by epoch, as they are and aligned.

Networks that differ only in the order of their units are the same function. So the units of the
second run of each pair are put in the order of the first one's at the same epoch (see
hw1.networks.alignment). If all were put in the order of one run, all pairs would depend on it. A
third distance is that of runs that move independently: their distance at the start and their own
ways from there are at right angles, sqrt(d0^2 + |w - w0|^2 + |w' - w0'|^2).
"""

from itertools import combinations

import numpy as np

from hw1.networks import alignment
from hw1.networks.weights import Snapshots
from hw1.training.curvature import weights_of

KIND = {
    "needs": ["mlps", "snapshot_before"],
    "scope": "experiment",
    "data": False,
    "tables": {
        "": [
            "variant", "seed", "other_seed", "epoch", "distance", "aligned_distance",
            "independent_distance",
        ]
    },
}  # fmt: skip


def aligned(run: Snapshots, reference: Snapshots, epoch: int) -> np.ndarray:
    """The weights (p,) after an epoch, with the units in the order of the reference's."""
    model, other = (r.network(snapshot=r.epochs.tolist().index(epoch)) for r in (run, reference))
    alignment.reorder(model, alignment.match(other, model))
    return weights_of(model).numpy()


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """L2 norm of the difference of two vectors, in double precision."""
    return float(np.linalg.norm(first.astype(np.float64) - second))


def analyse(runs: list[Snapshots], settings: dict, data: None) -> dict[str, list[dict]]:
    """A row per pair of seeds of a variant and epoch; none if there is one seed."""
    found = []
    for variant in dict.fromkeys(run.settings.variant for run in runs):
        own = [run for run in runs if run.settings.variant == variant]
        # Runs that stop by their loss may have different epochs.
        epochs = [e for e in own[0].epochs.tolist() if all(e in run.epochs for run in own)]
        for epoch in epochs:
            raw = [run.weights[run.epochs.tolist().index(epoch)] for run in own]
            for i, j in combinations(range(len(own)), 2):
                ways = (
                    apart(own[i].weights[0], own[j].weights[0]),
                    apart(raw[i], own[i].weights[0]),
                    apart(raw[j], own[j].weights[0]),
                )
                found.append(
                    {
                        "variant": variant,
                        "seed": own[i].settings.seed,
                        "other_seed": own[j].settings.seed,
                        "epoch": epoch,
                        "distance": apart(raw[i], raw[j]),
                        "aligned_distance": apart(raw[i], aligned(own[j], own[i], epoch)),
                        "independent_distance": float(np.hypot.reduce(ways)),
                    }
                )
    return {"": found}
