"""Weight snapshots over runs and epochs: principal components, and distances between runs."""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA


class Projection(NamedTuple):
    """Coordinates (n, 2) and the share of the variance of each of the two components."""

    coordinates: np.ndarray
    explained_variance_ratio: np.ndarray


def stack(matrices: list[np.ndarray]) -> np.ndarray:
    """Join the snapshots of several runs, each (s, p). Raises ValueError where p differs."""
    sizes = sorted({matrix.shape[1] for matrix in matrices})
    if len(sizes) > 1:
        raise ValueError(
            f"runs of {' and '.join(map(str, sizes))} weights have no principal components in "
            "common: give models of another size an experiment of their own"
        )
    return np.concatenate(matrices)


def project(weights: np.ndarray) -> Projection:
    """Project n weight vectors, shape (n, p), on their two principal components.

    The sign of a component is free; it is chosen so that its largest loading is positive
    (scikit-learn's rule), hence the same on every run. Raises ValueError for fewer than three
    vectors, which always lie in a plane.
    """
    if len(weights) < 3:
        raise ValueError(
            f"a PCA of {len(weights)} weight vectors says nothing: use at least 3 "
            "(seeds x snapshot_epochs)"
        )
    # Covariances between n points need only the n x n Gram matrix, but a full SVD of so few
    # points is as fast and more exact.
    pca = PCA(n_components=2, svd_solver="full")
    return Projection(pca.fit_transform(weights.astype(np.float64)), pca.explained_variance_ratio_)


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
