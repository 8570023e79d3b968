"""torch modules built from model specifications."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from hw1.architectures import Convolution, Layer, layers
from hw1.seeding import stream_seed


def build(
    model: dict, input_shape: tuple[int, ...], outputs: int, key: tuple[int, int] = (0, 0)
) -> nn.Sequential:
    """Build `model` (see `hw1.architectures`) with its initial weights, by default PyTorch's.

    Takes a batch of shape (n, *input_shape), for an MLP (n, features); returns (n, outputs).
    `key`, the run's seed and stream, decides the initial weights; torch's global random state
    is left as it was.
    """
    stack = layers(model, input_shape, outputs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(key, "initialisation"))
        modules = build_modules(stack, model)
        initialise(modules, model.get("initialisation", "default"), model.get("gain", 1.0))
    # The layout in which oneDNN and cuDNN convolve without reordering; no effect on an MLP. (torch
    # documents this call of `to`, but has no overload for it.)
    return nn.Sequential(*modules).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "selu": nn.SELU, "gelu": nn.GELU}


def activation(model: dict) -> nn.Module:
    """What follows every hidden layer of `model`."""
    kind = model.get("activation", "relu")
    return nn.LeakyReLU(model["slope"]) if kind == "leaky_relu" else ACTIVATIONS[kind]()


def build_modules(stack: list[Layer], model: dict) -> list[nn.Module]:
    """The modules of `stack` in order, activations, pooling and flattening included."""
    convolutions = [layer for layer in stack if isinstance(layer, Convolution)]
    modules: list[nn.Module] = []
    for layer in convolutions:
        modules.append(nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, padding=layer.padding))
        modules += [nn.BatchNorm2d(layer.outputs)] * layer.batch_norm
        both = [activation(model), *([nn.MaxPool2d(2)] if layer.pooling else [])]
        # Pooling first: a rising activation picks the same pixel, so the result is the same (and so
        # is the gradient), and the activation has a quarter of the work. GELU falls at first.
        modules += both if model.get("activation") == "gelu" else reversed(both)
    if convolutions:
        modules.append(nn.Flatten())
    *hidden, output = stack[len(convolutions) :]
    for linear in hidden:
        modules.append(nn.Linear(linear.inputs, linear.outputs))
        modules += [nn.BatchNorm1d(linear.outputs)] * linear.batch_norm
        # In one place with what it follows: the layers have the names that they have without.
        dropout = [nn.Dropout(model["dropout"])] if model.get("dropout") else []
        modules.append(nn.Sequential(activation(model), *dropout) if dropout else activation(model))
    return [*modules, nn.Linear(output.inputs, output.outputs)]


def initialise(modules: Iterable[nn.Module], kind: str, gain: float) -> None:
    """Draw initial weights, from torch's random state, and set biases to 0.

    Normal with variance 2 / fan_in (`he`, He 2015), 2 / (fan_in + fan_out) (`xavier`, Glorot 2010)
    or 1 / fan_in (`lecun`, as SELU wants: Klambauer 2017), or `orthogonal` (Saxe 2014); `default`
    leaves what PyTorch drew, weights and biases. All weights are multiplied by `gain`.
    """
    for module in modules:
        if not isinstance(module, nn.Linear | nn.Conv2d):
            continue
        weight = module.weight
        fan_in, fan_out = weight[0].numel(), weight[:, 0].numel()
        variance = {"he": 2 / fan_in, "xavier": 2 / (fan_in + fan_out), "lecun": 1 / fan_in}
        with torch.no_grad():
            if kind in variance:
                weight.normal_(0, variance[kind] ** 0.5)
            elif kind == "orthogonal":
                nn.init.orthogonal_(weight)
            if gain != 1:
                weight.mul_(gain)
            if kind != "default" and module.bias is not None:
                module.bias.zero_()


class Passes(NamedTuple):
    """What forward and backward pass of a batch said, of one network without a dimension for it.

    The mean loss of each member, in single precision; how many labels it gets right, None for
    regression; the norm of its gradient where that is minimised.
    """

    losses: torch.Tensor
    correct: torch.Tensor | None = None
    norms: torch.Tensor | None = None


class Alone:
    """One network, as the training loop sees one or several."""

    def __init__(self, network: nn.Module, precision: str = "fp32") -> None:
        self.network = network
        self.parameters = network.parameters
        self.state_dict, self.load_state_dict = network.state_dict, network.load_state_dict
        device = next(network.parameters()).device.type
        self.autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
        # Whether its layers draw numbers while it trains.
        self.random = any(isinstance(module, nn.Dropout) for module in network.modules())

    def gradients(self, x: torch.Tensor, y: torch.Tensor, objective: str = "loss") -> Passes:
        """Leave the gradients of a batch in the parameters: of its mean loss, or with the objective
        `gradient_norm` of the L2 norm that the gradient of that has."""
        with self.autocast:
            output = self.network(x)
        classify = not y.is_floating_point()
        loss = (functional.cross_entropy if classify else functional.mse_loss)(output.float(), y)
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
        """State dict of one member, out of that of all."""
        return state

    def alone(self, index: int) -> nn.Module:
        """One member as it is now."""
        return self.network
