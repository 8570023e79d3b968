"""How sharp the minimum at the end of a training is, by three measures.

The first is the largest eigenvalue of the Hessian H of the training loss. The second is that of
|W| H |W|, where |W| is the diagonal of the weights' sizes. Unlike the first, it stays the same if a
layer is multiplied and the next divided by a number (Dinh, Pascanu, Bengio and Bengio 2017; Kwon,
Kim, Park and Choi 2021, adaptive sharpness). The third is the largest relative rise of the loss in
a small box around the weights (Keskar, Mudigere, Nocedal, Smelyanskiy and Tang 2017, metric 2.1),
found here by signed gradient ascent.
"""

import torch

from hw1.data.inputs import Data
from hw1.networks.weights import Snapshots
from hw1.results import tables
from hw1.training.curvature import (
    Loss,
    Product,
    Vector,
    first_examples,
    hessian_product,
    largest_eigenvalue,
    loss_of_weights,
    weights_of,
)

KIND = {
    "needs": ["weights_alone"],
    "scope": "run",
    "data": True,
    "tables": {
        "": [
            "experiment", "variant", "seed", "epoch", "examples", "largest_eigenvalue", "residual",
            "normalised_eigenvalue", "normalised_residual", "box_rise",
        ]
    },
    "settings": {
        "examples": {
            "description": "How many training examples the loss is the mean of, the first ones",
            "type": "integer",
            "minimum": 1,
        },
        "box": {
            "description": "A weight w moves by up to box * (|w| + 1)",
            "type": "number",
            "exclusiveMinimum": 0,
        },
        "steps": {
            "description": "Steps of the ascent, each of a quarter of the box",
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
        },
    },
}  # fmt: skip


def scaled(product: Product, sizes: Vector) -> Product:
    """The product of D A D with a vector, from that of A; D has the sizes on its diagonal."""
    return lambda vector: sizes * product(sizes * vector)


def box_rise(loss: Loss, weights: Vector, box: float, steps: int) -> float:
    """The largest rise found in the box, as a percentage of 1 + loss."""
    reach = box * (weights.abs() + 1)
    now, found = weights.clone(), []
    for step in range(steps + 1):
        now.requires_grad_()
        value = loss(now)
        found.append(value.item())
        if step < steps:
            (gradient,) = torch.autograd.grad(value, now)
            moved = now.detach() + reach / 4 * gradient.sign()
            now = moved.clamp(weights - reach, weights + reach)
    return 100 * (max(found) - found[0]) / (1 + found[0])


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per run, of its last snapshot."""
    found = []
    for run in runs:
        split = first_examples(data, run.settings, settings["examples"])
        model = run.network(data.device)
        loss, weights = loss_of_weights(model, split), weights_of(model)
        product = hessian_product(loss, weights)
        largest, residual = largest_eigenvalue(product, weights)
        normalised, left = largest_eigenvalue(scaled(product, weights.abs()), weights)
        row = {
            "epoch": int(run.epochs[-1]),
            "examples": len(split.inputs),
            "largest_eigenvalue": largest,
            "residual": residual,
            "normalised_eigenvalue": normalised,
            "normalised_residual": left,
            "box_rise": box_rise(loss, weights, settings["box"], settings["steps"]),
        }
        found += tables.identify(run.settings, [row])
    return {"": found}
