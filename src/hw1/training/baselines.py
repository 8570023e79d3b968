"""The best that a prediction can achieve if it ignores its input."""

import numpy as np


def best_constant(targets: np.ndarray) -> tuple[float, float | None]:
    """Loss and accuracy of the best constant prediction of `targets`.

    For integer labels (n,) the loss is the entropy of their distribution in nats, reached by
    predicting the shares of the classes, and the accuracy the largest share. For real targets
    the loss is their variance, reached by predicting the mean, and there is no accuracy.
    """
    if targets.dtype.kind == "f":
        return float(targets.astype(np.float64).var()), None
    shares = np.unique(targets, return_counts=True)[1] / targets.size
    return float(-(shares * np.log(shares)).sum()), float(shares.max())
