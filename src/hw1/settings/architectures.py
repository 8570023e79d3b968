"""Model specifications as plain layers: shapes, parameters and multiply-adds, without torch.

A specification stands under `model:` in the configuration:

    {"kind": "mlp", "hidden": [128, 64]}
    {"kind": "cnn", "conv": [16, 32], "kernel": 3, "padding": 0, "pooling": true, "hidden": [128]}

Every hidden layer is followed by an activation, a ReLU unless `activation` names another; with
pooling, every convolution by 2x2 max-pooling. `hw1.networks.models` describes the other keys of a
specification.
"""

from math import prod
from typing import NamedTuple

CLASSES = 10


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


def classes_of(settings: dict) -> int | None:
    """How many classes the labels of a run have; None for real targets."""
    dataset = settings["dataset"]
    if dataset["kind"] in ("function", "arrays"):
        return dataset.get("classes")
    return CLASSES


def example_shape(settings: dict) -> tuple[tuple[int, ...], int]:
    """Shape of one example of a run, (features,) or (1, size, size), and the number of outputs."""
    dataset = settings["dataset"]
    if dataset["kind"] == "function":
        return (1,), 1
    if dataset["kind"] == "arrays":
        shape = tuple(dataset["shape"])
        return (shape if len(shape) == 1 else (1, *shape)), dataset.get("classes") or dataset[
            "outputs"
        ]
    return (1, settings["inputs"]["size"], settings["inputs"]["size"]), CLASSES


def layers(model: dict, input_shape: tuple[int, ...], outputs: int) -> list[Layer]:
    """Return the layers of `model` for examples of `input_shape` and `outputs` output units.

    `input_shape` is (features,) or (channels, size, size); an MLP flattens it.
    Raises ValueError where a convolution or a pooling leaves no pixel.
    """
    stack: list[Layer] = []
    batch_norm = model.get("batch_norm", False)
    if model["kind"] == "cnn":
        channels, size, _ = input_shape
        for filters in model["conv"]:
            layer = Convolution(
                channels,
                filters,
                model["kernel"],
                model["padding"],
                model["pooling"],
                size,
                batch_norm,
            )
            if layer.output_size < 1:
                raise ValueError(
                    f"convolution {len(stack) + 1} of {len(model['conv'])} leaves no pixel of "
                    f"its {size}x{size} input: use fewer convolutions, more padding or no pooling"
                )
            stack.append(layer)
            channels, size = filters, layer.output_size
        units = channels * size**2
    else:
        units = prod(input_shape)
    for width in model["hidden"]:
        stack.append(Linear(units, width, batch_norm))
        units = width
    return [*stack, Linear(units, outputs)]


def parameter_count(stack: list[Layer]) -> int:
    """Number of trainable parameters, weights and biases."""
    return sum(layer.parameters for layer in stack)


def multiply_adds(stack: list[Layer]) -> int:
    """Multiply-adds of one forward pass of one example."""
    return sum(layer.multiply_adds for layer in stack)
