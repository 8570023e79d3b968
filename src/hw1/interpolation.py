"""Loss and accuracy on the straight line between two trained networks."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from hw1.evaluation import evaluate
from hw1.inputs import Split


def line(
    model: nn.Module,
    start: np.ndarray,
    end: np.ndarray,
    alphas: np.ndarray,
    splits: dict[str, Split],
) -> Iterator[dict]:
    """Yield a row (alpha, split, loss, accuracy) per point and split.

    The weights at alpha are (1 - alpha) * start + alpha * end, flat vectors of shape (p,), which
    reproduces both ends exactly. Raises ValueError where p is not the model's.
    """
    parameters = list(model.parameters())
    expected = sum(parameter.numel() for parameter in parameters)
    if start.shape != (expected,) or end.shape != (expected,):
        raise ValueError(
            f"cannot interpolate between {start.size} and {end.size} weights in a model of "
            f"{expected}: both ends must have its architecture"
        )
    device = parameters[0].device
    first, second = (torch.from_numpy(vector).to(device) for vector in (start, end))
    for alpha in alphas.tolist():
        vector = (1 - alpha) * first + alpha * second
        with torch.no_grad():
            nn.utils.vector_to_parameters(vector, parameters)
        for name, split in splits.items():
            score = evaluate(model, split)
            yield {"alpha": alpha, "split": name, "loss": score.loss, "accuracy": score.accuracy}
