"""The optimizer of each phase of a training, and its steps."""

import inspect
from collections.abc import Sequence

import torch

from hw1.settings.training import Phase, Training

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
# At their first call an optimizer's methods import torch's compiler for more than a second, only to
# be exempt from a compilation that nobody asks for. The functions that they wrap import nothing.
# Methods that other code calls get the attribute by which their wrappers would remember the import.
for method in ("add_param_group", "load_state_dict", "state_dict", "zero_grad"):
    function = getattr(torch.optim.Optimizer, method).__wrapped__
    function.__dynamo_disable = function


def optimizer_of(phase: Phase, parameters: Sequence[torch.Tensor]) -> torch.optim.Optimizer:
    """The optimizer of a phase, for some parameters."""
    options = {"momentum": phase.momentum} if phase.optimizer == "sgd" else {}
    return OPTIMIZERS[phase.optimizer](
        parameters, lr=phase.learning_rate, weight_decay=phase.weight_decay, fused=True, **options
    )


class Optimisation:
    """The steps of some parameters, epoch by epoch; each phase has an optimizer of its own."""

    def __init__(
        self,
        training: Training,
        parameters: Sequence[torch.Tensor],
        iterations: int,
        epoch: int = 1,
    ) -> None:
        self.training, self.parameters, self.iterations = training, parameters, iterations
        self.start(training.phase_of(epoch))
        self.epoch(epoch)

    def start(self, phase: Phase) -> None:
        """Begin a phase, with a new optimizer."""
        self.phase = phase
        self.optimizer = optimizer_of(phase, self.parameters)
        # Without the profiler's hooks around it, which take as long as a small step.
        self.update = torch.no_grad()(inspect.unwrap(type(self.optimizer).step))

    def epoch(self, epoch: int) -> None:
        """Get ready for an epoch, counted from 1."""
        phase = self.training.phase_of(epoch)
        if phase != self.phase:
            self.start(phase)
        self.objective = phase.objective
        self.done = epoch - 1 - phase.after

    def step(self, iteration: int) -> None:
        """Take the step of an iteration, counted from 0 in its epoch."""
        if self.phase.schedule:
            done = self.done + iteration / self.iterations
            rate = self.phase.learning_rate_of(done, self.iterations)
            self.optimizer.param_groups[0]["lr"] = rate
        self.update(self.optimizer)
