"""The optimizer of each phase of a training, and its steps."""

import inspect
from collections.abc import Sequence

import torch

from hw1.settings.phases import learning_rate, phase_of

OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
# At their first call an optimizer's methods import torch's compiler for more than a second, only to
# be exempt from a compilation that nobody asks for. The functions that they wrap import nothing.
# Methods that other code calls get the attribute by which their wrappers would remember the import.
for method in ("add_param_group", "load_state_dict", "state_dict", "zero_grad"):
    function = getattr(torch.optim.Optimizer, method).__wrapped__
    function.__dynamo_disable = function


def optimizer_of(training: dict, parameters: Sequence[torch.Tensor]) -> torch.optim.Optimizer:
    """The optimizer that `training` names, for some parameters."""
    options = {"weight_decay": training.get("weight_decay", 0)}
    if training["optimizer"] == "sgd":
        options["momentum"] = training.get("momentum", 0)
    kind = OPTIMIZERS[training["optimizer"]]
    return kind(parameters, lr=training["learning_rate"], fused=True, **options)


class Optimisation:
    """The steps of some parameters, epoch by epoch; each phase has an optimizer of its own."""

    def __init__(
        self, training: dict, parameters: Sequence[torch.Tensor], iterations: int, epoch: int = 1
    ) -> None:
        self.training, self.parameters, self.iterations = training, parameters, iterations
        self.phase: dict = {}
        self.epoch(epoch)

    def epoch(self, epoch: int) -> None:
        """Get ready for an epoch, counted from 1; the first epoch of a phase gets a new
        optimizer."""
        phase = phase_of(self.training, epoch)
        if phase != self.phase:
            self.phase = phase
            self.optimizer = optimizer_of(phase, self.parameters)
            # Without the profiler's hooks around it, which take as long as a small step.
            self.update = torch.no_grad()(inspect.unwrap(type(self.optimizer).step))
        self.objective = phase.get("objective", "loss")
        self.done = epoch - 1 - phase["after"]

    def step(self, iteration: int) -> None:
        """Take the step of an iteration, counted from 0 in its epoch."""
        if "schedule" in self.phase:
            done = self.done + iteration / self.iterations
            rate = learning_rate(self.phase, done, self.iterations)
            self.optimizer.param_groups[0]["lr"] = rate
        self.update(self.optimizer)
