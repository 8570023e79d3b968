"""Loss and accuracy on the straight line between the trained networks of two variants.

With more than two variants, there is a line between each pair.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import torch
from msgspec.structs import replace
from torch import nn

from hw1.data.inputs import Data, Split
from hw1.networks.weights import Snapshots
from hw1.results import tables
from hw1.training.evaluation import evaluate

KIND = {
    "needs": [
        "weights_alone",
        "both_ends_on_grid",
        "several",
        "pairs_told_apart",
        "alike",
        "same_data",
    ],
    "scope": "seeds",
    "data": True,
    "tables": {"": ["experiment", "variant", "seed", "alpha", "split", "loss", "accuracy"]},
    "settings": {
        "start": {"description": "First alpha; 0 is one network", "type": "number", "maximum": 0},
        "stop": {"description": "Last alpha; 1 is the other", "type": "number", "minimum": 1},
        "points": {
            "description": "Number of evenly spaced alphas",
            "type": "integer",
            "minimum": 2,
            "maximum": 10001,
        },
    },
}


def grid(start: float, stop: float, points: int) -> list[float]:
    """Evenly spaced alphas, ends included, without the rounding noise of repeated addition."""
    return [round(float(alpha), 10) for alpha in np.linspace(start, stop, points)]


def line(
    model: nn.Module,
    start: np.ndarray,
    end: np.ndarray,
    alphas: list[float],
    splits: dict[str, Split],
) -> Iterator[dict]:
    """Yield a row (alpha, split, loss, accuracy) per point and split.

    The weights at alpha are (1 - alpha) * start + alpha * end, flat vectors of shape (p,), which
    reproduces both ends exactly.
    """
    parameters = list(model.parameters())
    device = parameters[0].device
    first, second = (torch.from_numpy(vector).to(device) for vector in (start, end))
    for alpha in alphas:
        vector = (1 - alpha) * first + alpha * second
        with torch.no_grad():
            nn.utils.vector_to_parameters(vector, parameters)
        for name, split in splits.items():
            score = evaluate(model, split)
            yield {"alpha": alpha, "split": name, "loss": score.loss, "accuracy": score.accuracy}


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per pair of variants, seed, alpha and split; the pair stands in the column variant."""
    alphas = grid(settings["start"], settings["stop"], settings["points"])
    found = []
    for seed in dict.fromkeys(run.settings.seed for run in runs):
        own = [run for run in runs if run.settings.seed == seed]
        for start, end in combinations(own, 2):
            rows = line(
                start.network(data.device),
                start.weights[-1],
                end.weights[-1],
                alphas,
                data.splits(start.settings),
            )
            pair = f"{start.settings.variant}_{end.settings.variant}"
            found += tables.identify(replace(start.settings, variant=pair), rows)
    return {"": found}
