"""torch modules built from model specifications."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

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


class StackedLayers(torch.autograd.Function):
    """Fully connected layers with ReLUs between them, of several models at once.

    What autograd would do, but in place: these layers are so small that most of the time goes
    into moving activations through memory.
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        inputs = []
        for weight, bias in zip(weights[::2], weights[1::2]):
            inputs.append(x.relu_() if inputs else x)
            x = torch.baddbmm(bias.unsqueeze(2), weight, x)
        ctx.save_for_backward(*weights[::2], *inputs)
        return x

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple:
        layers = len(ctx.saved_tensors) // 2
        weights, inputs = ctx.saved_tensors[:layers], ctx.saved_tensors[layers:]
        gradients: list[torch.Tensor] = []
        for layer in reversed(range(layers)):
            gradients[:0] = [gradient.bmm(inputs[layer].mT), gradient.sum(2)]
            if layer:
                # Of one output it is an outer product: the same bits, at which bmm is slow.
                product = torch.mul if gradient.shape[1] == 1 else torch.bmm
                gradient = product(weights[layer].mT, gradient)
                torch.ops.aten.threshold_backward.grad_input(
                    gradient, inputs[layer], 0, grad_input=gradient
                )
        return None, *gradients


class Stack(nn.Module):
    """Several MLPs of one architecture as one model; each computes what it would compute alone.

    Takes (n, features), the same for all; returns (members, outputs, n). Examples are columns
    throughout: with rows of a thousand numbers products and sums run at vector speed, with rows
    of ten they do not.

    All weights lie in one parameter, a row for each member, so that an optimizer updates them in
    one go. Numbers must not depend on how many train together: a row is padded to whole vectors,
    since the last few numbers of a tensor are rounded by other code than the rest, and a lone
    member gets a double, since torch multiplies a single matrix by other code than several.
    """

    FLOATS = 64  # a multiple of what a vector register holds, whatever the processor

    def __init__(self, members: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.members = len(members)
        self.shapes = {name: weight.shape for name, weight in members[0].named_parameters()}
        rows = torch.stack([parameters_to_vector(member.parameters()) for member in members])
        rows = functional.pad(rows.detach(), (0, -rows.shape[1] % self.FLOATS))
        self.rows = nn.Parameter(rows if self.members > 1 else rows.repeat(2, 1))

    def weights(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Tensors (..., *shape) by their names in a member, as views of `rows` (..., floats)."""
        sizes = [shape.numel() for shape in self.shapes.values()]
        parts = rows.split([*sizes, rows.shape[-1] - sum(sizes)], dim=-1)
        return {
            name: part.unflatten(-1, shape)
            for (name, shape), part in zip(self.shapes.items(), parts)
        }

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.T.expand(len(self.rows), -1, -1).contiguous()
        x = StackedLayers.apply(x, *self.weights(self.rows).values())
        return x if len(x) == self.members else x[: self.members]

    def member(self, state: dict[str, torch.Tensor], index: int) -> dict[str, torch.Tensor]:
        """State dict of one member, out of the stack's."""
        return {name: part.clone() for name, part in self.weights(state["rows"][index]).items()}
