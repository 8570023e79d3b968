"""torch modules built from model specifications."""

from collections.abc import Iterable

import torch
from torch import nn

from hw1.data.seeding import stream_seed
from hw1.settings.architectures import Convolution, Layer, Model


def build(
    model: Model, input_shape: tuple[int, ...], outputs: int, key: tuple[int, int] = (0, 0)
) -> nn.Sequential:
    """Build `model` (see `hw1.settings.architectures`) with its initial weights, by default
    PyTorch's.

    Takes a batch of shape (n, *input_shape), for an MLP (n, features); returns (n, outputs).
    `key`, the run's seed and stream, decides the initial weights; torch's global random state
    is left as it was.
    """
    stack = model.layers(input_shape, outputs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(key, "initialisation"))
        modules = build_modules(stack, model)
        initialise(modules, model.initialisation, model.gain)
    # In this layout oneDNN and cuDNN convolve without reordering; an MLP is not affected. (torch
    # documents this call of `to`, but has no overload for it.)
    return nn.Sequential(*modules).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "selu": nn.SELU, "gelu": nn.GELU}


def activation(model: Model) -> nn.Module:
    """The activation after every hidden layer of `model`."""
    if model.activation == "leaky_relu":
        assert model.slope is not None
        return nn.LeakyReLU(model.slope)
    return ACTIVATIONS[model.activation]()


def build_modules(stack: list[Layer], model: Model) -> list[nn.Module]:
    """The modules of `stack` in order, activations, pooling and flattening included."""
    convolutions = [layer for layer in stack if isinstance(layer, Convolution)]
    modules: list[nn.Module] = []
    for layer in convolutions:
        modules.append(nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, padding=layer.padding))
        modules += [nn.BatchNorm2d(layer.outputs)] * layer.batch_norm
        both = [activation(model), *([nn.MaxPool2d(2)] if layer.pooling else [])]
        # Pooling first: the result and the gradient are the same, since a rising activation keeps
        # the order of pixels, and the activation has a quarter of the work. GELU falls at first.
        modules += both if model.activation == "gelu" else reversed(both)
    if convolutions:
        modules.append(nn.Flatten())
    *hidden, output = stack[len(convolutions) :]
    for linear in hidden:
        modules.append(nn.Linear(linear.inputs, linear.outputs))
        modules += [nn.BatchNorm1d(linear.outputs)] * linear.batch_norm
        # Dropout shares a place with the activation, so the names of layers do not depend on it.
        dropout = [nn.Dropout(model.dropout)] if model.dropout else []
        modules.append(nn.Sequential(activation(model), *dropout) if dropout else activation(model))
    return [*modules, nn.Linear(output.inputs, output.outputs)]


def initialise(modules: Iterable[nn.Module], kind: str, gain: float) -> None:
    """Draw initial weights, from torch's random state, and set biases to 0.

    Normal with variance 2 / fan_in (`he`, He 2015), 2 / (fan_in + fan_out) (`xavier`, Glorot 2010)
    or 1 / fan_in (`lecun`, as SELU wants: Klambauer 2017), or `orthogonal` (Saxe 2014); `default`
    leaves PyTorch's weights and biases. All weights are multiplied by `gain`.
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
