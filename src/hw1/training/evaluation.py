"""Loss and accuracy of frozen weights on a whole split."""

from typing import NamedTuple

import torch
from torch import nn

from hw1.data.inputs import Split
from hw1.networks.passes import loss_function


class Score(NamedTuple):
    """Mean loss, and the share of correct classifications (None for regression)."""

    loss: float
    accuracy: float | None


@torch.inference_mode()
def evaluate(model: nn.Module, split: Split, batch_size: int = 1000) -> Score:
    """Mean loss (nats for labels) and accuracy over all of `split`, in the model's precision
    within a batch and in double precision between batches.

    Dropout is off, and batch norm uses its kept statistics.
    """
    mode = model.training
    model.eval()
    loss = loss_function(split.targets)
    classify = not split.targets.is_floating_point()
    total, correct = 0.0, 0
    for inputs, targets in zip(split.inputs.split(batch_size), split.targets.split(batch_size)):
        outputs = model(inputs)
        total += loss(outputs, targets, reduction="sum").item()
        if classify:
            correct += (outputs.argmax(1) == targets).sum().item()
    model.train(mode)
    n = split.targets.numel()
    return Score(total / n, correct / n if classify else None)
