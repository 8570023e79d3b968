"""The one training loop.

Everything that shapes a run is an argument: the data are whole tensors on the device, the order
of the mini-batches of an epoch is a function of seed and epoch, one thread computes. So a run is
a function of its settings and seed, and can stop and go on after any iteration.
"""

import math
import time
from typing import NamedTuple

import torch
from torch import nn

from hw1.checkpoints import ResumeFile
from hw1.evaluation import evaluate, loss_function
from hw1.inputs import Split
from hw1.seeding import generator

OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
SECONDS_BETWEEN_PROGRESS_LINES = 10


class Trained(NamedTuple):
    """What a run leaves: rows of its history, weights per snapshot epoch, seconds it took."""

    history: list[dict]
    snapshots: dict[int, dict[str, torch.Tensor]]
    seconds: float


def snapshot(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copy the weights to the CPU, in the default memory layout."""
    return {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in model.state_dict().items()
    }


def train(
    model: nn.Module,
    splits: dict[str, Split],
    training: dict,
    key: tuple[int, int],
    resume: ResumeFile,
    log=print,
) -> Trained:
    """Train `model` in place on `splits["train"]` as `training` says.

    `key` is the run's seed and stream; it orders the mini-batches.

    History rows have `epoch` and `iteration` (both from 1), `batch_loss` and, for labels,
    `batch_accuracy`. With `history: iteration` there is a row for each mini-batch; with `epoch`
    one for every `history_every`-th epoch and the last, in which the two are means over its
    examples, each seen with the weights of its own iteration. To a row per iteration
    `gradient_norm` adds the L2 norm of the whole gradient; to a row per epoch
    `evaluate_each_epoch` adds `{split}_loss` and `{split}_accuracy` with the weights at its end.

    Starts from `resume` where that holds a state. Raises ValueError at the first loss that is
    not finite, naming epoch and iteration.
    """
    inputs, targets = splits["train"]
    n = len(inputs)
    batch_size = n if training["batch_size"] == "full" else training["batch_size"]
    iterations = math.ceil(n / batch_size)
    epochs = training["epochs"]
    per_iteration = training["history"] == "iteration"
    classify = not targets.is_floating_point()
    loss_of = loss_function(targets)
    parameters = list(model.parameters())
    optimizer = OPTIMIZERS[training["optimizer"]](
        parameters, lr=training["learning_rate"], fused=True
    )
    # One value per mini-batch of the current epoch: loss, correct classifications, gradient norm.
    measured = {
        name: torch.zeros(iterations, dtype=torch.float32, device=inputs.device)
        for name in ("loss", "correct", "norm")
    }
    sizes = torch.full((iterations,), float(batch_size))
    sizes[-1] = n - batch_size * (iterations - 1)
    # `epoch` and `iteration` are the next ones to do, counted from 1 and from 0.
    epoch, iteration, history, snapshots, seconds_before = 1, 0, [], {}, 0.0
    if saved := resume.load(log):
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        for name, values in saved["measured"].items():
            measured[name].copy_(values)
        epoch, iteration = saved["epoch"], saved["iteration"]
        history, snapshots = saved["history"], saved["snapshots"]
        seconds_before = saved["seconds"]
        log(f"resuming at epoch {epoch}, iteration {iteration + 1}")
    elif 0 in training["snapshot_epochs"]:
        snapshots[0] = snapshot(model)

    started = time.monotonic()
    next_line = started + SECONDS_BETWEEN_PROGRESS_LINES
    while epoch <= epochs:
        if iterations > 1:
            order = torch.randperm(n, generator=generator(key, "batches", epoch))
            batches = order.to(inputs.device).split(batch_size)
        while iteration < iterations:
            if iterations > 1:
                batch = batches[iteration]
                x, y = inputs.index_select(0, batch), targets.index_select(0, batch)
            else:
                x, y = inputs, targets
            output = model(x)
            loss = loss_of(output, y)
            optimizer.zero_grad()
            loss.backward()
            measured["loss"][iteration] = loss.detach()
            if classify:
                measured["correct"][iteration] = (output.argmax(1) == y).sum()
            if training["gradient_norm"]:
                measured["norm"][iteration] = nn.utils.get_total_norm([p.grad for p in parameters])
            optimizer.step()
            iteration += 1
            if resume.due():
                resume.save(
                    {
                        "model": model.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "measured": measured,
                        "epoch": epoch,
                        "iteration": iteration,
                        "history": history,
                        "snapshots": snapshots,
                        "seconds": seconds_before + time.monotonic() - started,
                    }
                )

        losses, correct, norms = (values.cpu() for values in measured.values())
        if not losses.isfinite().all():
            bad = int((~losses.isfinite()).nonzero()[0])
            raise ValueError(
                f"the loss is {losses[bad].item()} at epoch {epoch}, iteration {bad + 1}: "
                f"lower learning_rate ({training['learning_rate']}) or check the data"
            )
        last = epoch == epochs
        if per_iteration:
            for i in range(iterations):
                row = {"epoch": epoch, "iteration": (epoch - 1) * iterations + i + 1}
                row["batch_loss"] = losses[i].item()
                if classify:
                    row["batch_accuracy"] = (correct[i] / sizes[i]).item()
                if training["gradient_norm"]:
                    row["gradient_norm"] = norms[i].item()
                history.append(row)
        elif epoch % training["history_every"] == 0 or last:
            row = {"epoch": epoch, "iteration": epoch * iterations}
            row["batch_loss"] = (losses.double() @ sizes.double()).item() / n
            if classify:
                row["batch_accuracy"] = correct.double().sum().item() / n
            for name in training["evaluate_each_epoch"]:
                score = evaluate(model, splits[name])
                row[f"{name}_loss"], row[f"{name}_accuracy"] = score.loss, score.accuracy
            history.append(row)
        if epoch in training["snapshot_epochs"] or last:
            snapshots[epoch] = snapshot(model)
        if time.monotonic() >= next_line or last:
            seconds = seconds_before + time.monotonic() - started
            mean = (losses.double() @ sizes.double()).item() / n
            log(f"epoch {epoch}/{epochs}  loss {mean:.6g}  {seconds:.0f} s")
            next_line = time.monotonic() + SECONDS_BETWEEN_PROGRESS_LINES
        epoch, iteration = epoch + 1, 0
    return Trained(history, snapshots, seconds_before + time.monotonic() - started)
