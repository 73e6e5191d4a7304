"""Optimizers by torch's names: the same steps as torch's own classes, and params that refuse nonsense."""

from __future__ import annotations

import msgspec
import pytest
import torch
from torch import nn

from ymltrain.builtin.optimizer.adagrad import AdagradOptimizer, AdagradParams
from ymltrain.builtin.optimizer.adam import AdamOptimizer, AdamParams
from ymltrain.builtin.optimizer.adamw import AdamWOptimizer, AdamWParams
from ymltrain.builtin.optimizer.rmsprop import RmspropOptimizer, RmspropParams
from ymltrain.builtin.optimizer.sgd import SgdOptimizer, SgdParams

CASES = [
    (AdagradOptimizer, AdagradParams, torch.optim.Adagrad, {}),
    (
        AdagradOptimizer,
        AdagradParams,
        torch.optim.Adagrad,
        {"lr_decay": 0.1, "weight_decay": 0.01, "initial_accumulator_value": 0.5},
    ),
    (AdamOptimizer, AdamParams, torch.optim.Adam, {}),
    (
        AdamOptimizer,
        AdamParams,
        torch.optim.Adam,
        {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.1, "amsgrad": True, "eps": 1e-3},
    ),
    (AdamWOptimizer, AdamWParams, torch.optim.AdamW, {}),
    (AdamWOptimizer, AdamWParams, torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.5}),
    (RmspropOptimizer, RmspropParams, torch.optim.RMSprop, {}),
    (RmspropOptimizer, RmspropParams, torch.optim.RMSprop, {"alpha": 0.5, "momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    (SgdOptimizer, SgdParams, torch.optim.SGD, {}),
    (SgdOptimizer, SgdParams, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (SgdOptimizer, SgdParams, torch.optim.SGD, {"momentum": 0.9, "dampening": 0.5}),
]


def trained(build):
    """Weights after ten steps on a small problem."""
    torch.manual_seed(2)
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    rows, target = torch.randn(16, 3), torch.randn(16, 1)
    optimizer = build(network.parameters())
    for _ in range(10):
        optimizer.zero_grad()
        (network(rows) - target).square().mean().backward()
        optimizer.step()
    return torch.cat([weights.detach().flatten() for weights in network.parameters()])


@pytest.mark.parametrize(("plugin", "params", "reference", "chosen"), CASES)
def test_it_steps_as_torchs_class_does(plugin, params, reference, chosen):
    """With defaults and with every param set: params reach torch under their names."""
    ours = trained(plugin(params(**chosen)).build)
    torch.testing.assert_close(ours, trained(lambda weights: reference(weights, **chosen)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("params", "written"),
    [
        (AdamParams, {"lr": 0}),
        (AdamParams, {"lr": -1}),
        (AdamParams, {"betas": [0.9]}),
        (AdamParams, {"betas": [0.9, 1.0]}),
        (AdamWParams, {"weight_decay": -0.1}),
        (AdamWParams, {"eps": 0}),
        (AdamWParams, {"learning_rate": 0.1}),
        (AdagradParams, {"initial_accumulator_value": -1}),
        (RmspropParams, {"alpha": 1}),
        (SgdParams, {"momentum": 1}),
        (SgdParams, {"nesterov": True}),
        (SgdParams, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}),
    ],
)
def test_nonsense_is_refused(params, written):
    """Out of range, unknown, or at odds with another param."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, params)
