"""How a run is trained: its phases, and in each the learning rate of every step."""

import math
from typing import Annotated, Literal

from msgspec import Meta

from hw1.settings.values import Distinct, Noun, Part, Positive

Rate = Annotated[float, Meta(gt=0, le=100)]
Optimizer = Literal["adam", "adamw", "sgd"]
Split = Literal["train", "test"]


class Constant(Part, frozen=True, kw_only=True, tag_field="kind", tag="constant"):
    """A learning rate that stays, after `warmup` epochs in which it rises in equal steps."""

    warmup: Annotated[float, Meta(ge=0)] = 0.0
    "Epochs that lead up to the learning rate in equal steps"

    def factor_after(self, done: float, epochs: int) -> float:
        """What the learning rate is multiplied by after `done` epochs of a phase, of `epochs`,
        warmup aside."""
        return 1


class Cosine(Constant, frozen=True, kw_only=True, tag_field="kind", tag="cosine"):
    """A learning rate that falls to 0 as half a period of a cosine (Loshchilov and Hutter 2017)."""

    def factor_after(self, done: float, epochs: int) -> float:
        share = max(0, done - self.warmup) / (epochs - self.warmup)
        return (1 + math.cos(math.pi * share)) / 2


class Step(Constant, frozen=True, kw_only=True, tag_field="kind", tag="step"):
    """A learning rate that is multiplied by `factor` after every `every` epochs."""

    every: Positive
    "Epochs of a step"
    factor: Annotated[float, Meta(gt=0, le=1)]
    "What the learning rate is multiplied by at a step"

    def factor_after(self, done: float, epochs: int) -> float:
        return self.factor ** (done // self.every)


Schedule = Constant | Cosine | Step


class OfOnePhase(Noun, frozen=True, kw_only=True):
    """Settings that a later phase does not inherit."""

    objective: Literal["loss", "gradient_norm"] = "loss"
    "What is minimised, the loss, or the L2 norm that its gradient has"
    momentum: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    "Of sgd"
    weight_decay: Annotated[float, Meta(ge=0, le=10)] = 0.0
    "Of adam and sgd added to the gradient, of adamw decoupled"
    schedule: Annotated[Schedule | None, Meta(extra_json_schema={"required": ["kind"]})] = None
    "How the learning rate goes; constant if left out; cosine goes down to 0"


class LaterPhase(OfOnePhase, frozen=True, kw_only=True):
    """A phase after the first, with an optimizer that starts anew."""

    after: Positive
    "Epochs of the training before this phase"
    optimizer: Optimizer | None = None
    "Optimiser; that of the training if left out"
    learning_rate: Rate | None = None
    "Learning rate; that of the training if left out"


class Phase(OfOnePhase, frozen=True, kw_only=True):
    """A part of a training with one optimizer, `epochs` long, `after` so many others."""

    after: int
    epochs: int
    optimizer: Optimizer
    learning_rate: float

    def learning_rate_of(self, done: float, iterations: int) -> float:
        """The learning rate of the step after `done` epochs of the phase, each of so many
        `iterations`."""
        if self.schedule is None:
            return self.learning_rate
        warmup = self.schedule.warmup
        rate = self.learning_rate * min(1, (done + 1 / iterations) / warmup if warmup else 1)
        return rate * self.schedule.factor_after(done, self.epochs)

    def check(self, where: str) -> None:
        """Raise ValueError where the optimizer, the schedule and the epochs do not fit."""
        if self.momentum and self.optimizer != "sgd":
            raise ValueError(f"{where}.momentum: found with {self.optimizer}, expected with sgd")
        if self.schedule and self.schedule.warmup >= self.epochs:
            found, epochs = f"{self.schedule.warmup:g}", f"epochs ({self.epochs})"
            raise ValueError(
                f"{where}.schedule.warmup: found {found}, expected fewer than {epochs}"
            )


class Stop(Noun, frozen=True, kw_only=True):
    """When a training ends early"""

    batch_loss: Annotated[float, Meta(ge=0)]
    "At the end of the first epoch whose mean training loss is at most this"


class Training(Part, OfOnePhase, frozen=True, kw_only=True):
    """One loop trains every run; these are its settings"""

    optimizer: Optimizer
    "Optimiser"
    learning_rate: Rate
    "Learning rate"
    batch_size: (
        Positive | Annotated[str, Meta(pattern="^full$", title="a number, or the word full")]
    )
    "Examples per mini-batch, or the word full for all at once"
    epochs: Annotated[int, Meta(ge=1, le=10_000_000)]
    "Passes over the training data"
    phases: Annotated[tuple[LaterPhase, ...], Meta(min_length=1)] | None = None
    """Later phases of the training, each with an optimizer that starts anew; what one does not say
    is as in training, but for objective, momentum, weight_decay and schedule, which are of one
    phase"""
    stop: Stop | None = None
    "When training ends before its last epoch"
    precision: Literal["fp32", "bf16"]
    "Of forward and backward pass; bf16 is autocast, weights stay in fp32"
    history: Literal["epoch", "iteration"]
    "What a row of the history is"
    history_every: Positive
    "One row is kept of so many epochs"
    gradient_norm: bool
    "Whether the gradient's L2 norm is recorded"
    evaluate_each_epoch: Annotated[tuple[Split, ...], Distinct]
    "Splits evaluated with frozen weights after each recorded epoch"
    snapshot_epochs: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Distinct]
    "Epochs whose weights are kept; 0 is before training, the last is always kept"

    def in_phases(self) -> list[Phase]:
        """Its phases in their order."""
        found: list[Training | LaterPhase] = [self, *(self.phases or ())]
        starts = [0, *(phase.after for phase in self.phases or ())]
        return [
            Phase(
                **{key: getattr(said, key) for key in OfOnePhase.__struct_fields__},
                after=after,
                epochs=end - after,
                optimizer=said.optimizer or self.optimizer,
                learning_rate=said.learning_rate or self.learning_rate,
            )
            for said, after, end in zip(found, starts, [*starts[1:], self.epochs])
        ]

    def phase_of(self, epoch: int) -> Phase:
        """The phase that an epoch, counted from 1, belongs to."""
        return [phase for phase in self.in_phases() if phase.after < epoch][-1]

    def size_of_batch(self, examples: int) -> int:
        """How many of the training examples a mini-batch has."""
        return examples if isinstance(self.batch_size, str) else self.batch_size

    def kept_epochs(self) -> set[int]:
        """The epochs whose weights are surely kept: with a `stop`, 0 and the last one, whichever
        that is."""
        kept = {*self.snapshot_epochs, self.epochs}
        return kept & {0, self.epochs} if self.stop else kept

    def check(self, where: str) -> None:
        """Raise ValueError where keys contradict each other."""
        found = self.in_phases()
        if any(phase.epochs < 1 for phase in found):
            after = ", ".join(str(phase.after) for phase in found[1:])
            expected = f"{self.epochs} epochs, expected numbers that rise to less than that"
            raise ValueError(f"{where}.phases: found phases after {after} of {expected}")
        for place, phase in enumerate(found):
            phase.check(f"{where}.phases.{place - 1}" if place else where)
        finest = any(phase.objective == "gradient_norm" for phase in found)
        if finest and self.precision != "fp32":
            said = "but the gradient of a gradient's norm is finer: use fp32"
            raise ValueError(f"{where}.precision: found {self.precision}, {said}")
        if late := [epoch for epoch in self.snapshot_epochs if epoch > self.epochs]:
            expected = f"expected at most epochs ({self.epochs})"
            raise ValueError(f"{where}.snapshot_epochs: found {late[0]}, {expected}")
        if self.gradient_norm and self.history != "iteration":
            raise ValueError(f"{where}.gradient_norm: needs history: iteration")
        if self.evaluate_each_epoch and self.history != "epoch":
            raise ValueError(f"{where}.evaluate_each_epoch: needs history: epoch")
        if self.history_every > 1 and self.history != "epoch":
            raise ValueError(f"{where}.history_every: needs history: epoch, or 1")
