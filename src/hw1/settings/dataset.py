"""Data sets, and how a run sees one."""

import math
from typing import Annotated, Literal, Self

from msgspec import Meta
from msgspec.structs import replace

from hw1.settings.values import Line, Part, Shaping

CLASSES = 10  # of all images
Examples = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Source(Shaping, frozen=True, kw_only=True, tag_field="kind"):
    """What all data sets have."""

    title: Line = ""
    "Name of the data set on every figure; that of its entry if left out"

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return str(self.__struct_config__.tag)

    @property
    def content(self) -> Self:
        """What shapes runs: not its title, nor the name of its file."""
        return replace(self, title="")

    @property
    def label_count(self) -> int | None:
        """How many classes its labels have; None for real targets."""
        return CLASSES

    @property
    def training_examples(self) -> int:
        """How many training examples it has."""
        return 60_000

    @property
    def is_image(self) -> bool:
        """Whether it has images, which are resized."""
        return True

    def check(self, where: str) -> None:
        """Raise ValueError where keys contradict each other."""


class Function(Source, frozen=True, kw_only=True, tag="function"):
    """A function of one number."""

    function: Literal["sinc", "sign"]
    "Which function is sampled"
    points: Annotated[int, Meta(ge=2, le=10_000_000)]
    "Number of evenly spaced samples"
    low: float
    "Smallest x"
    high: float
    "Largest x"

    label_count = None
    is_image = False

    @property
    def training_examples(self) -> int:
        return self.points

    def check(self, where: str) -> None:
        if self.low >= self.high:
            said = f"found {self.high:g}, expected more than low ({self.low:g})"
            raise ValueError(f"{where}.high: {said}")


class Mnist(Source, frozen=True, kw_only=True, tag="mnist"):
    """Images of digits."""


class FashionMnist(Source, frozen=True, kw_only=True, tag="fashion_mnist"):
    """Images of clothes."""


class Kmnist(Source, frozen=True, kw_only=True, tag="kmnist"):
    """Images of Japanese characters."""


class Digits(Source, frozen=True, kw_only=True, tag="digits"):
    """The 1797 small images of digits that scikit-learn has."""

    size: Annotated[int, Meta(ge=8, le=256)]
    "Pixels per side after upscaling from 8"
    test_share: Annotated[float, Meta(ge=0.01, le=0.99)]
    "Share of the digits that is kept for testing"

    @property
    def training_examples(self) -> int:
        return 1797 - math.ceil(1797 * self.test_share)


class Arrays(Source, frozen=True, kw_only=True, tag="arrays"):
    """One's own arrays."""

    file: Line = ""
    """An .npz with train_inputs, train_targets, test_inputs, test_targets; relative to the file
    that names it"""
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=100_000)], ...], Meta(min_length=1, max_length=2)
    ]
    "Of one input, numbers [n], or pixels [n, n] of a square image"
    examples: Examples
    "Number of training examples"
    classes: Annotated[int, Meta(ge=2, le=10_000)] | None = None
    "Number of classes; labels count from 0"
    outputs: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    "Real targets per example"
    pixels: bool | None = None
    """Whether the inputs, of type uint8, are pixel values, which are scaled from 0 to 255 to
    inputs.range as those of MNIST are, or are taken as they are; has to be said of uint8, while
    inputs of another type are taken as they are"""

    is_image = False

    @property
    def content(self) -> Self:
        return replace(self, title="", file="")

    @property
    def label_count(self) -> int | None:
        return self.classes

    @property
    def training_examples(self) -> int:
        return self.examples

    def check(self, where: str) -> None:
        if not self.file:
            raise ValueError(f"{where}: the key 'file' is missing")
        if len(set(self.shape)) > 1:
            found = list(self.shape)
            raise ValueError(f"{where}.shape: found {found}, expected [n], or [n, n] of an image")
        if (self.classes is None) == (self.outputs is None):
            raise ValueError(f"{where}: expected either classes, of labels, or outputs, of numbers")


DataSet = Function | Mnist | FashionMnist | Kmnist | Digits | Arrays


class Inputs(Part, frozen=True, kw_only=True):
    """How images are presented to the model"""

    size: Annotated[int, Meta(ge=1, le=256)] | None = None
    "Pixels per side; images of another size are resized"
    range: Annotated[tuple[float, ...], Meta(min_length=2, max_length=2)] | None = None
    "What the pixel values 0 and 255 become"
    labels: (
        Annotated[
            str, Meta(pattern="^(given|random)$", title="given, random, or which share is random")
        ]
        | Annotated[float, Meta(ge=0, le=1)]
        | None
    ) = None
    """Training labels as given, random (drawn from the run's seed), or which share of them is
    random"""
    examples: Examples | None = None
    "How many training examples are used, drawn once for all runs; all if left out"

    def check(self, where: str) -> None:
        """Raise ValueError where keys contradict each other."""
        if self.range and self.range[0] == self.range[1]:
            low, high = self.range
            said = f"found [{low:g}, {high:g}], expected two that differ"
            raise ValueError(f"{where}.range: {said}")
