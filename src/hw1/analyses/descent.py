"""The way of one training through the plane that mostly holds it, with the loss there.

The plane goes through the final weights and is spanned by the two principal components of all
snapshots (Li, Xu, Taylor, Studer and Goldstein 2018). The way is projected on it. The rest of the
variance says how far its points lie from where they are shown.
"""

import numpy as np
import torch

from hw1.analyses.interpolate import grid
from hw1.analyses.surface import plane
from hw1.data.inputs import Data
from hw1.networks.weights import Snapshots
from hw1.results import tables
from hw1.training.curvature import first_examples
from hw1.training.evaluation import evaluate

KIND = {
    "needs": ["weights_alone", "three_snapshots"],
    "scope": "run",
    "data": True,
    "tables": {
        "": ["experiment", "variant", "seed", "x", "y", "loss"],
        "path": ["experiment", "variant", "seed", "epoch", "x", "y", "loss"],
        "variance": ["experiment", "variant", "seed", "component", "explained_variance_ratio"],
    },
    "settings": {
        "points": {
            "description": "Evenly spaced points along each side",
            "type": "integer",
            "minimum": 2,
            "maximum": 1001,
        },
        "examples": {
            "description": "How many training examples the loss is the mean of, the first ones",
            "type": "integer",
            "minimum": 1,
        },
    },
}
MARGIN = 0.25  # beyond the way, as a share of its extent


def components(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two principal components (2, p) of s snapshots (s, p), and their shares of the variance.
    The first snapshot lies on the positive side of axis 1, the second on that of axis 2."""
    steps = weights.astype(np.float64)
    steps -= steps.mean(0)
    _, sizes, axes = np.linalg.svd(steps, full_matrices=False)
    axes = axes[:2]
    signs = np.sign([steps[0] @ axes[0], steps[1] @ axes[1]])
    variance = np.square(sizes)
    return axes * np.where(signs == 0, 1, signs)[:, None], variance[:2] / variance.sum()


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """Rows per run: for the plane's points, the snapshots, and the two components."""
    found, paths, variance = [], [], []
    for run in runs:
        axes, shares = components(run.weights)
        way = (run.weights.astype(np.float64) - run.weights[-1]) @ axes.T
        low, high = way.min(0), way.max(0)
        margin = MARGIN * np.maximum(high - low, 1e-12)
        xs, ys = (
            grid(start, stop, settings["points"])
            for start, stop in zip(low - margin, high + margin)
        )
        split = first_examples(data, run.settings, settings["examples"])
        model = run.network(data.device)
        first, second = (torch.from_numpy(axis).float().to(data.device) for axis in axes)
        found += tables.identify(run.settings, plane(model, (first, second), xs, ys, split))
        points = [
            {
                "epoch": int(epoch),
                "x": float(x),
                "y": float(y),
                "loss": evaluate(run.network(data.device, place), split).loss,
            }
            for place, (epoch, (x, y)) in enumerate(zip(run.epochs, way))
        ]
        paths += tables.identify(run.settings, points)
        ratios = [
            {"component": number, "explained_variance_ratio": float(share)}
            for number, share in enumerate(shares, start=1)
        ]
        variance += tables.identify(run.settings, ratios)
    return {"": found, "path": paths, "variance": variance}
