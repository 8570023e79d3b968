"""The best that a prediction can achieve if it ignores its input."""

import numpy as np


def best_constant(targets: np.ndarray) -> tuple[float, float | None]:
    """Loss and accuracy of the best constant prediction of `targets`.

    For integer labels (n,) the loss is the entropy of their distribution in nats, reached by
    predicting the shares of the classes, and the accuracy the largest share. For real targets
    (n, outputs) the loss is the mean of the outputs' variances, reached by predicting their means,
    and there is no accuracy.
    """
    if targets.dtype.kind == "f":
        outputs = targets.reshape(len(targets), -1).T
        return float(np.mean([output.astype(np.float64).var() for output in outputs])), None
    shares = np.unique(targets, return_counts=True)[1] / targets.size
    return float(-(shares * np.log(shares)).sum()), float(shares.max())
