"""The one training loop.

Everything that shapes a run is an argument: the data are whole tensors on the device, seed and
epoch give the order of the mini-batches, and one thread computes. So a run is a function of its
settings and seed, and can stop and go on after any iteration. MLPs can train as one stacked model;
that changes their speed, not their numbers.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn

from hw1.data.inputs import Split
from hw1.data.seeding import generator, stream_seed
from hw1.networks.passes import Alone
from hw1.networks.stacks import RowStack, Stack
from hw1.settings.training import Training
from hw1.training.checkpoints import ResumeFile
from hw1.training.optimisation import Optimisation
from hw1.training.recording import Record


class Trained(NamedTuple):
    """The result of a run: rows of its history, weights per snapshot epoch, seconds that it took.

    The seconds of runs that trained together are divided among them.
    """

    history: list[dict]
    snapshots: dict[int, dict[str, torch.Tensor]]
    seconds: float


class Batches(NamedTuple):
    """The mini-batches of runs: `size` examples of a split, in an order of its own for each run if
    they train `apart`, else in the first run's order; `keys` are the seed and stream of each run.

    Targets are (n, ...), or (runs, n) if runs have targets of their own.
    """

    split: Split
    size: int
    keys: Sequence[tuple[int, int]]
    apart: bool

    @property
    def iterations(self) -> int:
        """The number of mini-batches in an epoch."""
        return math.ceil(len(self.split.inputs) / self.size)

    def sizes(self) -> torch.Tensor:
        """Examples of each mini-batch of an epoch (iterations,); the last may be smaller."""
        sizes = torch.full((self.iterations,), float(self.size))
        sizes[-1] = len(self.split.inputs) - self.size * (self.iterations - 1)
        return sizes

    def of_epoch(self, epoch: int, first: int) -> Iterator[Split]:
        """Yield the mini-batches of an epoch from the `first` on, counted from 0; if the runs train
        apart, the first dimension is for the runs."""
        inputs, targets = self.split
        if self.iterations == 1 and not self.apart:
            yield from [self.split][first:]
            return
        n = len(inputs)
        orders = [torch.arange(n)] * len(self.keys)
        if self.iterations > 1:
            orders = [
                torch.randperm(n, generator=generator(key, "batches", epoch)) for key in self.keys
            ]
        order = torch.stack(orders) if self.apart else orders[0]
        for batch in order.to(inputs.device).split(self.size, dim=-1)[first:]:
            flat = batch.flatten()
            own = self.apart and targets.dim() > 1
            yield Split(
                inputs.index_select(0, flat).unflatten(0, batch.shape),
                targets.gather(1, batch)
                if own
                else targets.index_select(0, flat).unflatten(0, batch.shape),
            )


def train(
    model: nn.Module,
    splits: dict[str, Split],
    training: Training,
    keys: Sequence[tuple[int, int]],
    resume: ResumeFile,
    log=print,
) -> list[Trained]:
    """Train `model` in place on `splits["train"]` as `training` says.

    `keys` holds the seed and stream of each run, which order its mini-batches. There is one run, or
    one for each member of a `hw1.networks.stacks.RowStack`, or of a `Stack`, which has no
    mini-batches. With `precision: bf16` forward and backward pass round to bfloat16 where autocast
    takes that for safe; weights, loss and evaluations stay in single precision.
    `hw1.training.recording` describes the rows of a history.

    Starts from the state in `resume`, if there is one. Raises ValueError after an epoch with a loss
    that is not finite, naming seed, epoch and iteration.
    """
    network = model if isinstance(model, Stack | RowStack) else Alone(model, training.precision)
    size = training.size_of_batch(len(splits["train"].inputs))
    batches = Batches(splits["train"], size, keys, isinstance(network, RowStack))
    parameters = list(network.parameters())
    record = Record(network, splits, training, keys, batches.sizes(), log)
    epoch, first = 1, 0  # the next epoch, and its first open iteration
    if saved := resume.load(log):
        epoch, first = saved["epoch"], saved["iteration"]
        log(f"resuming at epoch {epoch}, iteration {first + 1}")
    optimisation = Optimisation(training, parameters, batches.iterations, epoch)
    if saved:
        network.load_state_dict(saved["model"])
        optimisation.optimizer.load_state_dict(saved["optimizer"])
        record.load_state_dict(saved["record"])
    else:
        record.start()

    while epoch <= training.epochs:
        optimisation.epoch(epoch)
        for iteration, (x, y) in enumerate(batches.of_epoch(epoch, first), start=first):
            if network.random:
                torch.manual_seed(
                    stream_seed(keys[0], "dropout", (epoch - 1) * batches.iterations + iteration)
                )
            found = network.gradients(x, y, optimisation.objective)
            record.iteration(epoch, iteration, found, parameters)
            optimisation.step(iteration)
            if resume.due():
                resume.save(
                    {
                        "model": network.state_dict(),
                        "optimizer": optimisation.optimizer.state_dict(),
                        "record": record.state_dict(),
                        "epoch": epoch,
                        "iteration": iteration + 1,
                    }
                )
        if record.epoch(epoch):
            break
        epoch, first = epoch + 1, 0
    return [
        Trained(
            history,
            {epoch: network.member(state, run) for epoch, state in record.snapshots.items()},
            record.seconds() / len(keys),
        )
        for run, history in enumerate(record.histories)
    ]
