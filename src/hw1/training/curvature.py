"""The mean loss on some examples as a function of a network's weights, to the second order."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import nn
from torch.func import functional_call

from hw1.data.inputs import Data, Split
from hw1.networks.passes import loss_function
from hw1.settings.runs import Run

Vector = torch.Tensor  # (p,): all parameters, in the order of model.parameters()
Loss = Callable[[Vector], torch.Tensor]  # as a function of all weights
Product = Callable[[Vector], Vector]  # of a symmetric matrix (p, p) with a vector


def loss_of_weights(model: nn.Module, split: Split) -> Loss:
    """The mean loss on a split as a function of all weights."""
    shapes = {name: parameter.shape for name, parameter in model.named_parameters()}
    loss = loss_function(split.targets)

    def of(weights: Vector) -> torch.Tensor:
        parts = weights.split([shape.numel() for shape in shapes.values()])
        named = {name: part.view(shapes[name]) for name, part in zip(shapes, parts)}
        return loss(functional_call(model, named, (split.inputs,)), split.targets)

    return of


def weights_of(model: nn.Module) -> Vector:
    """A copy of all weights of a network."""
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def first_examples(data: Data, run: Run, examples: int) -> Split:
    """The first training examples, as a run sees them."""
    return Split(*(part[:examples] for part in data.splits(run)["train"]))


def hessian_product(loss: Loss, weights: Vector) -> Product:
    """The product of the Hessian at some weights with a vector (Pearlmutter 1994)."""
    at = weights.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(at), at, create_graph=True)

    def product(vector: Vector) -> Vector:
        return torch.autograd.grad(gradient, at, vector, retain_graph=True)[0]

    return product


def largest_eigenvalue(
    product: Product, like: Vector, tolerance: float = 1e-3
) -> tuple[float, float]:
    """The algebraically largest eigenvalue of a symmetric operator on vectors such as `like`, by
    Lanczos' method, and the residual: the norm of Av - cv, with |v| = 1, as a share of |c|."""
    p = like.numel()

    def multiply(vector: np.ndarray) -> np.ndarray:
        # Apple's devices have no double precision.
        found = product(torch.from_numpy(vector.ravel()).to(like.dtype).to(like.device))
        return found.cpu().double().numpy()

    start = np.random.default_rng(0).standard_normal(p)
    if not multiply(start).any():  # a flat loss: there is no direction to begin with
        return 0.0, 0.0
    operator = LinearOperator((p, p), matvec=multiply, dtype=np.float64)
    values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=tolerance)
    value, vector = float(values[0]), vectors[:, 0]
    rest = float(np.linalg.norm(multiply(vector) - value * vector))
    return value, rest / abs(value) if value else rest
