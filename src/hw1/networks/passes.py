"""Forward and backward pass of a mini-batch: its loss and its gradients."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional


def loss_function(targets: torch.Tensor):
    """Cross-entropy for labels, mean squared error for real targets. The stacks of
    `hw1.networks.stacks` have these written out."""
    return functional.mse_loss if targets.is_floating_point() else functional.cross_entropy


class Passes(NamedTuple):
    """The results of forward and backward pass of a mini-batch: a value for each member of a stack,
    or a scalar for one network.

    They are the mean loss in single precision; the number of correct labels, None for regression;
    the norm of the gradient, if it is minimised.
    """

    losses: torch.Tensor
    correct: torch.Tensor | None = None
    norms: torch.Tensor | None = None


class Alone:
    """One network, with the methods by which the training loop uses one or several."""

    def __init__(self, network: nn.Module, precision: str = "fp32") -> None:
        self.network = network
        self.parameters = network.parameters
        self.state_dict, self.load_state_dict = network.state_dict, network.load_state_dict
        device = next(network.parameters()).device.type
        self.autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
        # Whether its layers draw numbers while it trains.
        self.random = any(isinstance(module, nn.Dropout) for module in network.modules())

    def gradients(self, x: torch.Tensor, y: torch.Tensor, objective: str = "loss") -> Passes:
        """Leave the gradients of a mini-batch in the parameters: those of its mean loss, or, with
        the objective `gradient_norm`, those of the L2 norm of the loss's gradient."""
        with self.autocast:
            output = self.network(x)
        classify = not y.is_floating_point()
        loss = loss_function(y)(output.float(), y)
        norm = None
        self.network.zero_grad()
        if objective == "gradient_norm":
            slopes = torch.autograd.grad(loss, list(self.parameters()), create_graph=True)
            norm = torch.cat([slope.flatten() for slope in slopes]).norm()
            norm.backward()
        else:
            loss.backward()
        return Passes(
            loss.detach(),
            (output.argmax(1) == y).sum() if classify else None,
            None if norm is None else norm.detach(),
        )

    def member(self, state: dict[str, torch.Tensor], index: int) -> dict[str, torch.Tensor]:
        """State dict of one member, out of the state of all."""
        return state

    def alone(self, index: int) -> nn.Module:
        """One member as it is now."""
        return self.network
