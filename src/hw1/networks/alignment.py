"""Hidden units of one MLP in the order of another's, which leaves its function as it is.

The units of a hidden layer can be exchanged together with their weights, so networks that are far
apart in their weights may be the same function. Weight matching looks for the order in which one
network's weights are closest to another's (Ainsworth, Hayase and Srinivasa 2022, Git Re-Basin,
algorithm 1). With one hidden layer this is a linear assignment, which is solved exactly. With more
layers it goes layer by layer until no layer gains, to a local optimum.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

Order = np.ndarray  # (units,): for each new place, the old place of its unit


def linear(model: nn.Module) -> list[nn.Linear]:
    """The fully connected layers of an MLP, from its inputs to its outputs."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


@torch.no_grad()
def reorder(model: nn.Module, orders: Sequence[Order]) -> None:
    """Put the units of each hidden layer in an order, in place. The function stays the same, except
    for rounding, since sums are taken in another order."""
    layers = linear(model)
    for layer, following, order in zip(layers, layers[1:], orders, strict=False):
        places = torch.from_numpy(order).to(layer.weight.device)
        layer.weight.copy_(layer.weight[places])
        layer.bias.copy_(layer.bias[places])
        following.weight.copy_(following.weight[:, places])


def shuffled(model: nn.Module, rng: np.random.Generator) -> list[Order]:
    """An order of the units of each hidden layer, drawn uniformly."""
    return [rng.permutation(layer.out_features) for layer in linear(model)[:-1]]


def match(reference: nn.Module, model: nn.Module) -> list[Order]:
    """The orders of `model`'s hidden units in which its weights are closest to those of
    `reference`, by their inner product in double precision. Both have the same layers."""
    first, second = ([arrays(layer) for layer in linear(m)] for m in (reference, model))
    orders = [np.arange(len(bias)) for _, bias in second[:-1]]
    settled = False
    while not settled:
        settled = True
        for place in range(len(orders)):
            likeness = similarity(first, second, orders, place)
            _, better = linear_sum_assignment(likeness, maximize=True)
            units = np.arange(len(better))
            gain = likeness[units, better].sum() - likeness[units, orders[place]].sum()
            if gain > 1e-9 * np.abs(likeness).max():  # more than rounding
                orders[place] = better
                settled = False
    return orders


def arrays(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    """Weights (units, inputs) and biases (units,) in double precision."""
    weight, bias = (t.detach().cpu().numpy() for t in (layer.weight, layer.bias))
    return weight.astype(np.float64), bias.astype(np.float64)


def similarity(
    first: Sequence[tuple], second: Sequence[tuple], orders: Sequence[Order], place: int
) -> np.ndarray:
    """The likeness (units, units) between the units of a hidden layer in the first network (rows)
    and in the second (columns), with the second's other layers in their present orders."""
    (weight, bias), (other, other_bias) = first[place], second[place]
    after, other_after = first[place + 1][0], second[place + 1][0]
    if place > 0:
        other = other[:, orders[place - 1]]
    if place + 1 < len(orders):
        other_after = other_after[orders[place + 1]]
    return weight @ other.T + np.outer(bias, other_bias) + after.T @ other_after
