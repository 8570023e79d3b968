"""Distances between the weights of the runs of a variant, epoch by epoch."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from hw1.weights import Run, views

KIND = {
    "scope": "experiment",
    "data": False,
    "tables": {"": ["variant", "seed", "other_seed", "epoch", "distance"]},
    "settings": {"view": {"enum": ["layer1", "model"]}},
}


def check(settings, runs, seeds):
    from hw1.requirements import alike

    alike(runs)


def distances(snapshots: dict[int, dict[int, np.ndarray]]) -> Iterator[dict]:
    """Yield a row (seed, other_seed, epoch, distance) per pair of runs and epoch that both have.

    `snapshots` holds weight vectors, shape (p,), by seed and epoch; the distance is the L2 norm
    of the difference of two, in the full space.
    """
    for seed, other in combinations(snapshots, 2):
        for epoch in snapshots[seed]:
            if epoch in snapshots[other]:
                step = snapshots[seed][epoch].astype(np.float64) - snapshots[other][epoch]
                yield {
                    "seed": seed,
                    "other_seed": other,
                    "epoch": epoch,
                    "distance": float(np.linalg.norm(step)),
                }


def analyse(runs: list[Run], settings: dict, data: None) -> dict[str, list[dict]]:
    """A row per pair of seeds of a variant and epoch; none where there is one seed."""
    variants: dict[str, dict] = {}
    for run, vectors in zip(runs, views(runs, settings["view"])):
        of_variant = variants.setdefault(run.settings["variant"], {})
        of_variant[run.settings["seed"]] = dict(zip(run.epochs.tolist(), vectors))
    return {
        "": [
            {"variant": variant, **pair}
            for variant, snapshots in variants.items()
            for pair in distances(snapshots)
        ]
    }
