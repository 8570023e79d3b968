"""The records of a training: its history, snapshots of its weights, lines of progress.

History rows have `epoch` and `iteration` (both from 1), `batch_loss` and, for labels,
`batch_accuracy`. With `history: iteration` there is a row for each mini-batch, to which
`gradient_norm` adds the L2 norm of the whole gradient. With `history: epoch` there is a row for
every `history_every`-th epoch and for the last. Its loss and accuracy are means over the examples,
each with the weights of its own iteration; `evaluate_each_epoch` adds `{split}_loss` and
`{split}_accuracy` with the weights at the end of the epoch.
"""

import math
import time
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from hw1.data.inputs import Split
from hw1.networks.passes import Alone, Passes
from hw1.networks.stacks import RowStack, Stack
from hw1.settings.training import Training
from hw1.training.evaluation import evaluate

SECONDS_BETWEEN_PROGRESS_LINES = 10


class Record:
    """The record of runs that train together, one history each."""

    def __init__(
        self,
        network: Alone | Stack | RowStack,
        splits: dict[str, Split],
        training: Training,
        keys: Sequence[tuple[int, int]],
        sizes: torch.Tensor,  # examples of each mini-batch of an epoch
        log,
    ) -> None:
        self.network, self.splits, self.training, self.keys = network, splits, training, keys
        self.sizes, self.log = sizes, log
        inputs, targets = splits["train"]
        self.examples = len(inputs)
        self.classify = not targets.is_floating_point()
        self.histories: list[list[dict]] = [[] for _ in keys]
        self.snapshots: dict[int, dict[str, torch.Tensor]] = {}
        # Per mini-batch of the current epoch and run: loss, correct labels, gradient norm.
        self.measured = {
            name: torch.zeros(len(sizes), len(keys), dtype=torch.float32, device=inputs.device)
            for name in ("loss", "correct", "norm")
        }
        self.seconds_before, self.started = 0.0, time.monotonic()
        self.next_line = self.started + SECONDS_BETWEEN_PROGRESS_LINES

    def state_dict(self) -> dict:
        """The state that an interrupted training needs to go on."""
        kept = {name: getattr(self, name) for name in ("histories", "snapshots", "measured")}
        return kept | {"seconds": self.seconds()}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a state of `state_dict`."""
        for name, values in state["measured"].items():
            self.measured[name].copy_(values)
        self.histories, self.snapshots = state["histories"], state["snapshots"]
        self.seconds_before = state["seconds"]

    def seconds(self) -> float:
        """How long the runs have trained, interruptions left out."""
        return self.seconds_before + time.monotonic() - self.started

    def start(self) -> None:
        """Note the weights before training."""
        if 0 in self.training.snapshot_epochs:
            self.snapshots[0] = snapshot(self.network)

    def iteration(
        self, epoch: int, iteration: int, found: Passes, parameters: Sequence[torch.Tensor]
    ) -> None:
        """Note a mini-batch, counted from 0 in its epoch, before the step that follows."""
        self.measured["loss"][iteration] = found.losses
        if found.correct is not None:
            self.measured["correct"][iteration] = found.correct
        if found.norms is not None:
            self.measured["norm"][iteration] = found.norms
        elif self.training.gradient_norm:
            size = len(parameters) // len(self.keys)
            gradients = [p.grad for p in parameters if p.grad is not None]  # all have one
            norms = [
                nn.utils.get_total_norm(gradients[run * size : (run + 1) * size])
                for run in range(len(self.keys))
            ]
            self.measured["norm"][iteration] = torch.stack(norms)
        if time.monotonic() >= self.next_line:
            self.progress(epoch, (iteration + 1) / len(self.sizes))

    def epoch(self, epoch: int) -> bool:
        """Note the end of an epoch; return whether it is the last.

        Raises ValueError if a loss of the epoch is not finite.
        """
        training = self.training
        losses, correct, norms = (values.cpu() for values in self.measured.values())
        if not losses.isfinite().all():
            i, run = (~losses.isfinite()).nonzero()[0].tolist()
            rate = training.phase_of(epoch).learning_rate
            raise ValueError(
                f"the loss of seed {self.keys[run][0]} is {losses[i, run].item()} at epoch "
                f"{epoch}, iteration {i + 1}: lower learning_rate ({rate}) "
                "or check the data"
            )
        mean = (losses.mean(1).double() @ self.sizes.double()).item() / self.examples
        last = epoch == training.epochs or mean <= (
            training.stop.batch_loss if training.stop else -math.inf
        )
        by_iteration = training.history == "iteration"
        rows = self.rows_of_iterations if by_iteration else self.row_of_epoch
        if by_iteration or epoch % training.history_every == 0 or last:
            for run, history in enumerate(self.histories):
                history += rows(epoch, run, losses[:, run], correct[:, run], norms[:, run])
        if epoch in training.snapshot_epochs or last:
            self.snapshots[epoch] = snapshot(self.network)
        if time.monotonic() >= self.next_line or last:
            self.progress(epoch, 1, f"  loss {mean:.6g}")
        return last

    def progress(self, epoch: int, share: float, loss: str = "") -> None:
        """Log how far the runs are, after a share of an epoch, and the time left at this speed."""
        epochs, seconds = self.training.epochs, self.seconds()
        done = (epoch - 1 + share) / epochs
        limit = "at most" if self.training.stop else "about"
        rest = seconds * (1 - done) / done
        left = f"{rest:.0f} s" if rest < 120 else f"{rest / 60:.0f} min"
        left = f", {limit} {left} left" if done < 1 else ""
        self.log(f"epoch {epoch}/{epochs}  {done:.0%}{loss}  {seconds:.0f} s{left}")
        self.next_line = time.monotonic() + SECONDS_BETWEEN_PROGRESS_LINES

    def rows_of_iterations(
        self, epoch: int, run: int, losses: torch.Tensor, correct: torch.Tensor, norms: torch.Tensor
    ) -> Iterator[dict]:
        for i in range(len(losses)):
            row: dict = {"epoch": epoch, "iteration": (epoch - 1) * len(losses) + i + 1}
            row["batch_loss"] = losses[i].item()
            if self.classify:
                row["batch_accuracy"] = (correct[i] / self.sizes[i]).item()
            if self.training.gradient_norm:
                row["gradient_norm"] = norms[i].item()
            yield row

    def row_of_epoch(
        self, epoch: int, run: int, losses: torch.Tensor, correct: torch.Tensor, norms: torch.Tensor
    ) -> Iterator[dict]:
        row: dict = {"epoch": epoch, "iteration": epoch * len(losses)}
        row["batch_loss"] = (losses.double() @ self.sizes.double()).item() / self.examples
        if self.classify:
            row["batch_accuracy"] = correct.double().sum().item() / self.examples
        for name in self.training.evaluate_each_epoch:
            assert not isinstance(self.network, Stack)  # see hw1.networks.stacks.SETTINGS
            score = evaluate(self.network.alone(run), self.split_of(name, run))
            row[f"{name}_loss"], row[f"{name}_accuracy"] = score.loss, score.accuracy
        yield row

    def split_of(self, name: str, run: int) -> Split:
        """A split with the targets of a run."""
        inputs, targets = self.splits[name]
        own = isinstance(self.network, RowStack) and targets.dim() > 1
        return Split(inputs, targets[run] if own else targets)


def snapshot(network: Alone | Stack | RowStack | nn.Module) -> dict[str, torch.Tensor]:
    """Copy the weights to the CPU, in the default memory layout."""
    return {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in network.state_dict().items()
    }
