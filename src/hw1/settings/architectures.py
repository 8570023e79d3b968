"""Architectures of models as plain layers: shapes, parameters and multiply-adds, without torch."""

from itertools import pairwise
from math import prod
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from hw1.settings.values import Part


class Linear(NamedTuple):
    """A fully connected layer of `inputs` to `outputs` units, with bias."""

    inputs: int
    outputs: int
    batch_norm: bool = False  # after it, with a scale and a shift for each output

    @property
    def parameters(self) -> int:
        return (self.inputs + 1) * self.outputs + 2 * self.batch_norm * self.outputs

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass of one example."""
        return self.inputs * self.outputs


class Convolution(NamedTuple):
    """A square convolution with stride 1 and bias, of images of `size` x `size` pixels."""

    inputs: int
    outputs: int
    kernel: int
    padding: int
    pooling: bool
    size: int
    batch_norm: bool = False  # after it, with a scale and a shift for each filter

    @property
    def unpooled_size(self) -> int:
        return self.size + 2 * self.padding - self.kernel + 1

    @property
    def output_size(self) -> int:
        return self.unpooled_size // 2 if self.pooling else self.unpooled_size

    @property
    def parameters(self) -> int:
        return (self.inputs * self.kernel**2 + 1 + 2 * self.batch_norm) * self.outputs

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one forward pass of one example."""
        return self.inputs * self.kernel**2 * self.outputs * self.unpooled_size**2


Layer = Linear | Convolution
Size = Annotated[int, Meta(ge=1, le=100_000)]


class Network(Part, frozen=True, kw_only=True, tag_field="kind"):
    """What all models have."""

    activation: Literal["relu", "leaky_relu", "tanh", "selu", "gelu"] = "relu"
    "After every hidden layer"
    slope: Annotated[float, Meta(ge=0, le=1)] | None = None
    "Of leaky_relu below 0"
    initialisation: Literal["default", "he", "xavier", "lecun", "orthogonal"] = "default"
    "Initial weights; default is PyTorch's own, the others set biases to 0"
    gain: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    "What initial weights are multiplied by"
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    "Share of the units of each hidden fully connected layer that a training step leaves out"
    batch_norm: bool = False
    "Whether every hidden layer is normalised over the batch before its activation"
    hidden: tuple[Size, ...]
    "Units of each hidden fully connected layer"

    def check(self, where: str) -> None:
        """Raise ValueError where keys contradict each other."""
        if (self.slope is None) == (self.activation == "leaky_relu"):
            found = "missing" if self.slope is None else "found"
            has = "leaky_relu has a slope, and no other"
            said = f"{found}, and activation is {self.activation}: {has}"
            raise ValueError(f"{where}.slope: {said}")

    def fully_connected(self, units: int, outputs: int) -> list[Layer]:
        """The fully connected layers after so many units."""
        widths = [units, *self.hidden]
        hidden = [Linear(*pair, self.batch_norm) for pair in pairwise(widths)]
        return [*hidden, Linear(widths[-1], outputs)]


class Mlp(Network, frozen=True, kw_only=True, tag="mlp"):
    """Fully connected layers."""

    def layers(self, shape: tuple[int, ...], outputs: int) -> list[Layer]:
        """Its layers for examples of a shape, which it flattens, and so many output units."""
        return self.fully_connected(prod(shape), outputs)


class Cnn(Network, frozen=True, kw_only=True, tag="cnn"):
    """Convolutions, then fully connected layers."""

    conv: Annotated[tuple[Size, ...], Meta(min_length=1)]
    "Filters of each convolution"
    kernel: Annotated[int, Meta(ge=1, le=31)]
    "Pixels per side of a filter"
    padding: Annotated[int, Meta(ge=0, le=15)]
    "Zeros added around the image"
    pooling: bool
    "Whether 2x2 max-pooling follows each convolution"

    def layers(self, shape: tuple[int, ...], outputs: int) -> list[Layer]:
        """Its layers for images of a shape (channels, size, size), and so many output units.

        Raises ValueError where a convolution or a pooling leaves no pixel.
        """
        channels, size, _ = shape
        stack: list[Layer] = []
        for filters in self.conv:
            form = (self.kernel, self.padding, self.pooling, size, self.batch_norm)
            layer = Convolution(channels, filters, *form)
            if layer.output_size < 1:
                raise ValueError(
                    f"convolution {len(stack) + 1} of {len(self.conv)} leaves no pixel of "
                    f"its {size}x{size} input: use fewer convolutions, more padding or no pooling"
                )
            stack.append(layer)
            channels, size = filters, layer.output_size
        return [*stack, *self.fully_connected(channels * size**2, outputs)]


Model = Mlp | Cnn


def parameter_count(stack: list[Layer]) -> int:
    """Number of trainable parameters, weights and biases."""
    return sum(layer.parameters for layer in stack)


def multiply_adds(stack: list[Layer]) -> int:
    """Multiply-adds of one forward pass of one example."""
    return sum(layer.multiply_adds for layer in stack)
