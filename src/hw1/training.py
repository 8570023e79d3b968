"""The one training loop.

Everything that shapes a run is an argument: the data are whole tensors on the device, the order
of the mini-batches of an epoch is a function of seed and epoch, one thread computes. So a run is
a function of its settings and seed, and can stop and go on after any iteration. Runs that see the
same batches can train as one stacked model; that changes their speed, not their numbers.
"""

import inspect
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from hw1.checkpoints import ResumeFile
from hw1.evaluation import evaluate, loss_function
from hw1.inputs import Split
from hw1.models import Stack
from hw1.seeding import generator

OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
# At their first call an optimizer's methods import torch's compiler, for more than a second, only
# to be exempt from a compilation that nobody asks for. What they wrap does not; for those that
# others call, this is what they would remember.
for method in ("add_param_group", "load_state_dict", "state_dict", "zero_grad"):
    function = getattr(torch.optim.Optimizer, method).__wrapped__
    function.__dynamo_disable = function
SECONDS_BETWEEN_PROGRESS_LINES = 10


class Trained(NamedTuple):
    """What a run leaves: rows of its history, weights per snapshot epoch, seconds it took.

    The seconds of runs that trained together are divided among them.
    """

    history: list[dict]
    snapshots: dict[int, dict[str, torch.Tensor]]
    seconds: float


def snapshot(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copy the weights to the CPU, in the default memory layout."""
    return {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in model.state_dict().items()
    }


def batch_loss(output: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean loss over a batch, in single precision; of a stack's output (runs, 1, n), per run."""
    output = output.float()
    if output.dim() < 3:
        return loss_function(targets)(output, targets)
    squares = functional.mse_loss(output, targets.T.expand_as(output), reduction="none")
    return squares.mean((1, 2))


def train(
    model: nn.Module,
    splits: dict[str, Split],
    training: dict,
    keys: Sequence[tuple[int, int]],
    resume: ResumeFile,
    log=print,
) -> list[Trained]:
    """Train `model` in place on `splits["train"]` as `training` says.

    `keys` holds the seed and stream of each run: of the only one, whose mini-batches they order,
    or of the members of a `hw1.models.Stack`, which has no mini-batches. With `precision: bf16`
    forward and backward pass round to bfloat16 where autocast holds that to be safe; weights,
    loss and evaluations stay in single precision.

    History rows have `epoch` and `iteration` (both from 1), `batch_loss` and, for labels,
    `batch_accuracy`. With `history: iteration` there is a row for each mini-batch; with `epoch`
    one for every `history_every`-th epoch and the last, in which the two are means over its
    examples, each seen with the weights of its own iteration. To a row per iteration
    `gradient_norm` adds the L2 norm of the whole gradient; to a row per epoch
    `evaluate_each_epoch` adds `{split}_loss` and `{split}_accuracy` with the weights at its end.

    Starts from `resume` where that holds a state. Raises ValueError at the first loss that is
    not finite, naming seed, epoch and iteration.
    """
    inputs, targets = splits["train"]
    n = len(inputs)
    batch_size = n if training["batch_size"] == "full" else training["batch_size"]
    iterations = math.ceil(n / batch_size)
    epochs = training["epochs"]
    per_iteration = training["history"] == "iteration"
    classify = not targets.is_floating_point()
    autocast = torch.autocast(
        inputs.device.type, torch.bfloat16, enabled=training["precision"] == "bf16"
    )
    parameters = list(model.parameters())
    optimizer = OPTIMIZERS[training["optimizer"]](
        parameters, lr=training["learning_rate"], fused=True
    )
    step = torch.no_grad()(inspect.unwrap(type(optimizer).step))
    # A value per mini-batch of the current epoch, and run: loss, correct ones, gradient norm.
    measured = {
        name: torch.zeros(iterations, len(keys), dtype=torch.float32, device=inputs.device)
        for name in ("loss", "correct", "norm")
    }
    sizes = torch.full((iterations,), float(batch_size))
    sizes[-1] = n - batch_size * (iterations - 1)
    # `epoch` and `iteration` are the next ones to do, counted from 1 and from 0.
    epoch, iteration, snapshots, seconds_before = 1, 0, {}, 0.0
    histories: list[list[dict]] = [[] for _ in keys]
    if saved := resume.load(log):
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        for name, values in saved["measured"].items():
            measured[name].copy_(values)
        epoch, iteration = saved["epoch"], saved["iteration"]
        histories, snapshots = saved["histories"], saved["snapshots"]
        seconds_before = saved["seconds"]
        log(f"resuming at epoch {epoch}, iteration {iteration + 1}")
    elif 0 in training["snapshot_epochs"]:
        snapshots[0] = snapshot(model)

    started = time.monotonic()
    next_line = started + SECONDS_BETWEEN_PROGRESS_LINES
    while epoch <= epochs:
        if iterations > 1:
            order = torch.randperm(n, generator=generator(keys[0], "batches", epoch))
            batches = order.to(inputs.device).split(batch_size)
        while iteration < iterations:
            if iterations > 1:
                batch = batches[iteration]
                x, y = inputs.index_select(0, batch), targets.index_select(0, batch)
            else:
                x, y = inputs, targets
            with autocast:
                output = model(x)
            loss = batch_loss(output, y)
            optimizer.zero_grad()
            loss.sum().backward()
            measured["loss"][iteration] = loss.detach()
            if classify:
                measured["correct"][iteration] = (output.argmax(1) == y).sum()
            if training["gradient_norm"]:
                measured["norm"][iteration] = nn.utils.get_total_norm([p.grad for p in parameters])
            step(optimizer)
            iteration += 1
            if resume.due():
                resume.save(
                    {
                        "model": model.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "measured": measured,
                        "epoch": epoch,
                        "iteration": iteration,
                        "histories": histories,
                        "snapshots": snapshots,
                        "seconds": seconds_before + time.monotonic() - started,
                    }
                )

        losses, correct, norms = (values.cpu() for values in measured.values())
        if not losses.isfinite().all():
            i, run = (~losses.isfinite()).nonzero()[0].tolist()
            raise ValueError(
                f"the loss of seed {keys[run][0]} is {losses[i, run].item()} at epoch {epoch}, "
                f"iteration {i + 1}: lower learning_rate ({training['learning_rate']}) or check "
                "the data"
            )
        last = epoch == epochs
        if per_iteration:
            for run, history in enumerate(histories):
                for i in range(iterations):
                    row = {"epoch": epoch, "iteration": (epoch - 1) * iterations + i + 1}
                    row["batch_loss"] = losses[i, run].item()
                    if classify:
                        row["batch_accuracy"] = (correct[i, run] / sizes[i]).item()
                    if training["gradient_norm"]:
                        row["gradient_norm"] = norms[i, run].item()
                    history.append(row)
        elif epoch % training["history_every"] == 0 or last:
            for run, history in enumerate(histories):
                row = {"epoch": epoch, "iteration": epoch * iterations}
                row["batch_loss"] = (losses[:, run].double() @ sizes.double()).item() / n
                if classify:
                    row["batch_accuracy"] = correct[:, run].double().sum().item() / n
                for name in training["evaluate_each_epoch"]:
                    score = evaluate(model, splits[name])
                    row[f"{name}_loss"], row[f"{name}_accuracy"] = score.loss, score.accuracy
                history.append(row)
        if epoch in training["snapshot_epochs"] or last:
            snapshots[epoch] = snapshot(model)
        if time.monotonic() >= next_line or last:
            seconds = seconds_before + time.monotonic() - started
            mean = (losses.mean(1).double() @ sizes.double()).item() / n
            log(f"epoch {epoch}/{epochs}  loss {mean:.6g}  {seconds:.0f} s")
            next_line = time.monotonic() + SECONDS_BETWEEN_PROGRESS_LINES
        epoch, iteration = epoch + 1, 0
    seconds = (seconds_before + time.monotonic() - started) / len(keys)
    if not isinstance(model, Stack):
        return [Trained(histories[0], snapshots, seconds)]
    return [
        Trained(
            history,
            {epoch: model.member(weights, run) for epoch, weights in snapshots.items()},
            seconds,
        )
        for run, history in enumerate(histories)
    ]
