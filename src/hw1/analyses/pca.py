"""Principal components of the weights of all runs, over their snapshots."""

from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from hw1 import tables
from hw1.weights import Run, views

KIND = {
    "scope": "experiment",
    "data": False,
    "tables": {
        "": ["experiment", "variant", "seed", "epoch", "component_1", "component_2"],
        "variance": ["component", "explained_variance_ratio"],
    },
    "settings": {"view": {"enum": ["layer1", "model"]}},
}
SMALLEST = 3  # weight vectors; fewer always lie in a plane


def check(settings, runs, seeds):
    from hw1.requirements import alike

    alike(runs)
    epochs = [{*run["training"]["snapshot_epochs"], run["training"]["epochs"]} for run in runs]
    if (snapshots := seeds * sum(map(len, epochs))) < 3:
        raise ValueError(
            f"training.snapshot_epochs: found {snapshots} snapshots of all seeds, but a PCA of "
            "their weights needs 3: add epochs or seeds"
        )


class Projection(NamedTuple):
    """Coordinates (n, 2) and the share of the variance of each of the two components."""

    coordinates: np.ndarray
    explained_variance_ratio: np.ndarray


def project(weights: np.ndarray) -> Projection:
    """Project n weight vectors, shape (n, p), on their two principal components.

    The sign of a component is free; it is chosen so that its largest loading is positive
    (scikit-learn's rule), hence the same on every run. Raises ValueError for fewer than three
    vectors, which always lie in a plane.
    """
    if len(weights) < SMALLEST:
        raise ValueError(
            f"a PCA of {len(weights)} weight vectors says nothing: use at least {SMALLEST} "
            "(seeds x snapshot_epochs)"
        )
    # Covariances between n points need only the n x n Gram matrix, but a full SVD of so few
    # points is as fast and more exact.
    pca = PCA(n_components=2, svd_solver="full")
    return Projection(pca.fit_transform(weights.astype(np.float64)), pca.explained_variance_ratio_)


def analyse(runs: list[Run], settings: dict, data: None) -> dict[str, list[dict]]:
    """A row per snapshot with its two coordinates, and one per component."""
    vectors = views(runs, settings["view"])
    projection = project(np.concatenate(vectors))
    points = iter(projection.coordinates.tolist())
    coordinates = []
    for run in runs:
        rows = [
            {"epoch": epoch, **dict(zip(("component_1", "component_2"), next(points)))}
            for epoch in run.epochs.tolist()
        ]
        coordinates += tables.identify(run.settings, rows)
    ratios = enumerate(projection.explained_variance_ratio.tolist(), start=1)
    variance = [
        {"component": number, "explained_variance_ratio": ratio} for number, ratio in ratios
    ]
    return {"": coordinates, "variance": variance}
