"""Where the gradient vanishes, starting from trained networks, and the Hessian's eigenvalues there.

In double precision, MINPACK's method of Levenberg and Marquardt makes the squared norm of the
gradient smaller, with the Hessian as the Jacobian of the gradient. It goes to any point without a
gradient: minima, saddles, maxima. The minimal ratio of such a point is the share of eigenvalues
above 0, or above a small share of the largest absolute one. The share of eigenvalues as far below 0
is the index of Dauphin, Pascanu, Gulcehre, Cho, Ganguli and Bengio (2014). It does not count the
zeros of units that are dead at every point.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import least_squares

from hw1.data.inputs import Data, Split
from hw1.networks.weights import Snapshots
from hw1.results import tables
from hw1.training.curvature import Loss, Vector, first_examples, loss_of_weights, weights_of

KIND = {
    "needs": ["weights_alone", "hessian_fits"],
    "scope": "run",
    "data": True,
    "tables": {
        "": [
            "experiment", "variant", "seed", "trained_loss", "trained_gradient_norm", "loss",
            "gradient_norm", "parameters",
        ],
        "ratios": [
            "experiment", "variant", "seed", "threshold", "minimal_ratio", "negative_share",
        ],
    },
    "settings": {
        "examples": {
            "description": "How many training examples the loss is the mean of, the first ones",
            "type": "integer",
            "minimum": 1,
            "maximum": 5000,
        },
        "steps": {
            "description": "Steps after which the method is stopped",
            "type": "integer",
            "minimum": 1,
            "maximum": 100000,
        },
        "thresholds": {
            "description": "Shares of the largest absolute eigenvalue, above which one counts",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        },
    },
}  # fmt: skip


def settle(loss: Loss, weights: Vector, steps: int) -> Vector:
    """Weights (p,), double, near the given ones. The norm of the loss's gradient there is as small
    as rounding allows, or as so many steps make it."""
    gradient, hessian = torch.func.grad(loss), torch.func.hessian(loss)

    def at(function: Callable, vector: np.ndarray) -> np.ndarray:
        return function(torch.from_numpy(vector).to(weights)).cpu().numpy()

    found = least_squares(
        lambda vector: at(gradient, vector),
        weights.cpu().numpy(),
        lambda vector: at(hessian, vector),
        method="lm",
        x_scale="jac",
        # Until nothing moves any more: the norm at the end decides which runs count.
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
        max_nfev=steps,
    )
    return torch.from_numpy(found.x).to(weights)


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per run, for its last snapshot and the point reached from it, and one per threshold."""
    points, ratios = [], []
    for run in runs:
        # On the CPU: Apple's devices know no double precision.
        found = first_examples(data, run.settings, settings["examples"])
        inputs, targets = (values.cpu() for values in found)
        real = targets.is_floating_point()
        split = Split(inputs.double(), targets.double() if real else targets)
        model = run.network().double()
        loss, trained = loss_of_weights(model, split), weights_of(model)
        weights = settle(loss, trained, settings["steps"])
        values = torch.linalg.eigvalsh(torch.func.hessian(loss)(weights))
        row = {
            "trained_loss": loss(trained).item(),
            "trained_gradient_norm": torch.func.grad(loss)(trained).norm().item(),
            "loss": loss(weights).item(),
            "gradient_norm": torch.func.grad(loss)(weights).norm().item(),
            "parameters": weights.numel(),
        }
        points += tables.identify(run.settings, [row])
        largest = values.abs().max()
        shares = [
            {
                "threshold": share,
                "minimal_ratio": (values > share * largest).double().mean().item(),
                "negative_share": (values < -share * largest).double().mean().item(),
            }
            for share in settings["thresholds"]
        ]
        ratios += tables.identify(run.settings, shares)
    return {"": points, "ratios": ratios}
