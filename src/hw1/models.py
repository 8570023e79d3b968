"""torch modules built from model specifications."""

import torch
from torch import nn

from hw1.architectures import Convolution, Layer, layers
from hw1.seeding import stream_seed


def build(
    model: dict, input_shape: tuple[int, ...], outputs: int, key: tuple[int, int] = (0, 0)
) -> nn.Sequential:
    """Build `model` (see `hw1.architectures`) with PyTorch's default initialisation.

    Takes a batch of shape (n, *input_shape), for an MLP (n, features); returns (n, outputs).
    `key`, the run's seed and stream, decides the initial weights; torch's global random state
    is left as it was.
    """
    stack = layers(model, input_shape, outputs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(key, "initialisation"))
        modules = build_modules(stack)
    # The layout in which oneDNN and cuDNN convolve without reordering; no effect on an MLP.
    return nn.Sequential(*modules).to(memory_format=torch.channels_last)


def build_modules(stack: list[Layer]) -> list[nn.Module]:
    """The modules of `stack` in order, activations, pooling and flattening included."""
    convolutions = [layer for layer in stack if isinstance(layer, Convolution)]
    modules: list[nn.Module] = []
    for layer in convolutions:
        modules.append(nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, padding=layer.padding))
        if layer.pooling:
            # Before the ReLU: both only pick or clip, so the result is the same (and so is the
            # gradient), and the ReLU has a quarter of the work.
            modules.append(nn.MaxPool2d(2))
        modules.append(nn.ReLU())
    if convolutions:
        modules.append(nn.Flatten())
    for layer in stack[len(convolutions) :]:
        modules += [nn.Linear(layer.inputs, layer.outputs), nn.ReLU()]
    return modules[:-1]  # the output layer has no ReLU
