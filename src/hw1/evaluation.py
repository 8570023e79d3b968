"""Loss and accuracy of frozen weights on a whole split."""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from hw1.inputs import Split


class Score(NamedTuple):
    """Mean loss, and the share of correct classifications (None for regression)."""

    loss: float
    accuracy: float | None


def loss_function(targets: torch.Tensor):
    """Cross-entropy for labels, mean squared error for real targets."""
    return functional.mse_loss if targets.is_floating_point() else functional.cross_entropy


@torch.inference_mode()
def evaluate(model: nn.Module, split: Split, batch_size: int = 1000) -> Score:
    """Mean loss (nats for labels) and accuracy over all of `split`, summed in double precision."""
    loss = loss_function(split.targets)
    total = torch.zeros((), dtype=torch.float64, device=split.targets.device)
    correct = torch.zeros((), dtype=torch.int64, device=split.targets.device)
    for inputs, targets in zip(split.inputs.split(batch_size), split.targets.split(batch_size)):
        outputs = model(inputs)
        total += loss(outputs, targets, reduction="sum")
        if not targets.is_floating_point():
            correct += (outputs.argmax(1) == targets).sum()
    n = split.targets.numel()
    accuracy = None if split.targets.is_floating_point() else correct.item() / n
    return Score(total.item() / n, accuracy)
