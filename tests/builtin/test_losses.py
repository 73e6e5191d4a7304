"""Losses of rows, against formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ymltrain.api import NoParams
from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.loss.huber import HuberLoss, HuberParams
from ymltrain.builtin.loss.mae import MaeLoss
from ymltrain.builtin.loss.mse import MseLoss

ERRORS = torch.tensor([[0.0], [0.5], [-3.0]])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (MseLoss(NoParams()), [0.0, 0.25, 9.0]),
        (MaeLoss(NoParams()), [0.0, 0.5, 3.0]),
        (HuberLoss(HuberParams()), [0.0, 0.125, 2.5]),
        (HuberLoss(HuberParams(delta=2.0)), [0.0, 0.125, 4.0]),
    ],
)
def test_regression_losses(loss, expected):
    """The loss of errors 0, 0.5 and -3; a column of outputs meets a row of targets without spreading out."""
    assert loss.build()(ERRORS + 7, torch.full((3,), 7.0)).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy(smoothing):
    """Minus the log-probability of the true class, mixed with the mean of all classes' when smoothed."""
    logits = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0]])
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -(1 - smoothing) * logs[[0, 1], [1, 2]] - smoothing * logs.mean(axis=1)
    loss = CrossEntropyLoss(CrossEntropyParams(label_smoothing=smoothing)).build()
    assert loss(torch.from_numpy(logits), torch.tensor([1, 2])).tolist() == pytest.approx(expected.tolist())
