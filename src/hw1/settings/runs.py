"""The settings of runs."""

from typing import Annotated, Self

import msgspec
from msgspec import Meta

from hw1.settings.architectures import Cnn, Layer, Model
from hw1.settings.dataset import Arrays, DataSet, Function, Inputs
from hw1.settings.training import Training
from hw1.settings.values import Name, Noun, Seed, Shaping


class Streams(Noun, frozen=True, kw_only=True):
    """A stream for each purpose"""

    initialisation: Seed = 0
    "Of initial weights"
    batches: Seed = 0
    "Of the order of mini-batches"
    labels: Seed = 0
    "Of random labels"


class Place(Noun, frozen=True, kw_only=True):
    """A variant of an experiment."""

    experiment: Name
    "Its experiment"
    variant: Name
    "Its variant"


class Start(Place, frozen=True, kw_only=True):
    """The run of the same seed whose weights a training starts from, of the same architecture"""

    epoch: Annotated[int, Meta(ge=0)] | None = None
    "Which of its snapshots, the last if left out"


class Settings(Shaping, frozen=True, kw_only=True):
    """The settings that the runs of a variant have in common."""

    experiment: str
    variant: str
    dataset: DataSet
    stream: Seed | Streams
    inputs: Inputs = Inputs()
    start: Start | None = None
    model: Model
    training: Training

    @classmethod
    def of(cls, text: str) -> Self:
        """Settings from their JSON text."""
        return msgspec.json.decode(text, type=cls)

    @classmethod
    def without_defaults(cls, said: dict) -> dict:
        """Settings without those that have their default; unchanged if they fit this version no
        longer."""
        try:
            return msgspec.convert(said, cls).said
        except msgspec.ValidationError:
            return said

    @property
    def label_count(self) -> int | None:
        """How many classes the labels have; None for real targets."""
        return self.dataset.label_count

    @property
    def training_examples(self) -> int:
        """Number of training examples."""
        return self.inputs.examples or self.dataset.training_examples

    @property
    def example_shape(self) -> tuple[int, ...]:
        """Shape of one example, (features,) or (1, size, size)."""
        match self.dataset:
            case Function():
                return (1,)
            case Arrays(shape=(features,)):
                return (features,)
            case Arrays(shape=shape):
                return (1, *shape)
        assert self.inputs.size
        return (1, self.inputs.size, self.inputs.size)

    @property
    def outputs(self) -> int:
        """The number of outputs of the network."""
        return (
            self.label_count
            or (self.dataset.outputs if isinstance(self.dataset, Arrays) else None)
            or 1
        )

    @property
    def layers(self) -> list[Layer]:
        """The layers of the network. Raises ValueError where one leaves no pixel."""
        return self.model.layers(self.example_shape, self.outputs)

    def check(self, where: str, name: str) -> None:
        """Raise ValueError where settings contradict each other, or the data set, of this name."""
        training, place = self.training, f"{where}.training"
        self.inputs.check(f"{where}.inputs")
        self.model.check(f"{where}.model")
        training.check(place)
        n, size = self.training_examples, training.size_of_batch(self.training_examples)
        most = self.dataset.training_examples
        for key, found, limit in (("inputs.examples", n, most), ("training.batch_size", size, n)):
            if found > limit:
                but = f"but {name} has {limit} training examples: use at most that"
                raise ValueError(f"{where}.{key}: found {found}, {but}")
        if self.model.batch_norm and 1 in (size, n % size):
            said = f"found {size}, but of {n} training examples that makes a batch of one"
            raise ValueError(f"{place}.batch_size: {said}: choose another")
        if self.label_count is None and training.precision != "fp32":
            said = f"but the errors of a fitted function ({name}) are finer: use fp32"
            raise ValueError(f"{place}.precision: found {training.precision}, {said}")
        if isinstance(self.dataset, Function) and training.evaluate_each_epoch:
            said = f"{name} has no test split: leave it empty"
            raise ValueError(f"{place}.evaluate_each_epoch: {said}")
        if isinstance(self.model, Cnn) and len(self.example_shape) == 1:
            raise ValueError(f"{where}.model.kind: found cnn, but {name} is no image: use mlp")
        try:
            self.layers  # noqa: B018
        except ValueError as error:
            raise ValueError(f"{where}.model.conv: {error}") from error


class Run(Settings, frozen=True, kw_only=True):
    """The settings of one run. Of weights from which it starts, there is the fingerprint of the run
    that made them: it stands for everything that shaped them."""

    seed: int
    start_fingerprint: str = ""

    @classmethod
    def of_seed(cls, settings: Settings, seed: int, start_fingerprint: str = "") -> "Run":
        """The run of a seed."""
        said = msgspec.structs.asdict(settings)
        return cls(**said, seed=seed, start_fingerprint=start_fingerprint)

    def key(self, purpose: str) -> tuple[int, int]:
        """Seed and stream for one purpose (see hw1.data.seeding). So two runs may share their
        initial weights but not the order of their batches, or the reverse."""
        stream = self.stream
        return self.seed, stream if isinstance(stream, int) else getattr(stream, purpose)
