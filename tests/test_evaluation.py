"""Frozen evaluation against hand-computed values."""

from math import exp, log

import numpy as np
import pytest
import torch
from torch import nn

from hw1.data.inputs import Split
from hw1.training.baselines import best_constant
from hw1.training.evaluation import evaluate


def test_cross_entropy_and_accuracy_by_hand():
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    targets = torch.tensor([0, 1, 1])
    score = evaluate(nn.Identity(), Split(logits, targets))
    by_hand = [log(1 + exp(-2)), log(1 + exp(-1)), log(1 + exp(3))]
    assert score.loss == pytest.approx(sum(by_hand) / 3, rel=1e-6)
    assert score.accuracy == pytest.approx(2 / 3)


def test_squared_error_has_no_accuracy():
    score = evaluate(
        nn.Identity(), Split(torch.tensor([[1.0], [4.0]]), torch.tensor([[0.0], [2.0]]))
    )
    assert score.loss == pytest.approx((1 + 4) / 2)
    assert score.accuracy is None


def test_the_result_covers_every_example_whatever_the_batch_size():
    random = torch.Generator().manual_seed(0)
    split = Split(
        torch.randn(103, 10, generator=random), torch.randint(10, (103,), generator=random)
    )
    whole = evaluate(nn.Identity(), split, batch_size=103)
    for batch_size in (1, 10, 100):
        parts = evaluate(nn.Identity(), split, batch_size)
        assert parts.loss == pytest.approx(whole.loss, rel=1e-6)
        assert parts.accuracy == whole.accuracy


def test_the_best_constant_by_hand():
    loss, accuracy = best_constant(np.array([2, 0, 2, 2]))
    assert loss == pytest.approx(-0.75 * log(0.75) - 0.25 * log(0.25))
    assert accuracy == 0.75
    # From their mean, 3, the targets lie 2, 1 and 3 away.
    assert best_constant(np.array([1, 2, 6], np.float32)) == (pytest.approx(14 / 3), None)
    # Of two outputs the means are 0.5 and 10.5, and both variances 1/4.
    two = np.array([[0, 10], [1, 11]], np.float32)
    assert best_constant(two) == (pytest.approx(0.25), None)
