"""Principal components of the weights of all runs, over their snapshots."""

import numpy as np
from sklearn.decomposition import PCA

from hw1.networks.weights import Snapshots, views
from hw1.results import tables

KIND = {
    "needs": ["alike", "three_snapshots_in_all"],
    "scope": "experiment",
    "data": False,
    "tables": {
        "": ["experiment", "variant", "seed", "epoch", "component_1", "component_2"],
        "variance": ["component", "explained_variance_ratio"],
    },
    "settings": {"view": {"enum": ["layer1", "model"]}},
}


def project(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, 2) of n weight vectors, shape (n, p), on their two principal components, and
    the share of the variance (2,) of each of these.

    The sign of a component is free; it is chosen so that its largest loading is positive
    (scikit-learn's rule), hence the same on every run.
    """
    # Covariances between n points need only the n x n Gram matrix, but a full SVD of so few
    # points is as fast and more exact.
    pca = PCA(n_components=2, svd_solver="full")
    return pca.fit_transform(weights.astype(np.float64)), pca.explained_variance_ratio_


def analyse(runs: list[Snapshots], settings: dict, data: None) -> dict[str, list[dict]]:
    """A row per snapshot with its two coordinates, and one per component."""
    vectors = views(runs, settings["view"])
    projected, shares = project(np.concatenate(vectors))
    points = iter(projected.tolist())
    coordinates = []
    for run in runs:
        rows = [
            {"epoch": epoch, **dict(zip(("component_1", "component_2"), next(points)))}
            for epoch in run.epochs.tolist()
        ]
        coordinates += tables.identify(run.settings, rows)
    ratios = enumerate(shares.tolist(), start=1)
    variance = [
        {"component": number, "explained_variance_ratio": ratio} for number, ratio in ratios
    ]
    return {"": coordinates, "variance": variance}
