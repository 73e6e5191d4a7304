"""The conformance kit of kind `optimizer`."""

from __future__ import annotations

import io
from typing import Any

import torch
from torch import Tensor, nn

from ymltrain.api import Optimizer


class OptimizerKit:
    """Subclass it, and give `make` an instance whose params have this `lr`."""

    lr = 0.05

    def make(self) -> Optimizer:
        """The optimizer under test."""
        raise NotImplementedError

    def test_it_starts_with_its_lr(self) -> None:
        """The param `lr` is the learning rate of its groups, which the schedule scales."""
        optimizer = self.make().build(nn.Linear(3, 1).parameters())
        assert {group["lr"] for group in optimizer.param_groups} == {self.lr}

    def test_it_descends(self) -> None:
        """A hundred steps on a convex problem lower the loss."""
        problem = Problem(self.make())
        assert problem.run(100) < problem.losses[0]

    def test_it_follows_the_schedule(self) -> None:
        """The learning rate that a schedule writes into its groups is the one it steps with: at 0 no weight moves."""
        problem = Problem(self.make())
        problem.run(3)
        before = problem.weights
        for group in problem.optimizer.param_groups:
            group["lr"] = 0.0
        problem.run(1)
        assert torch.equal(problem.weights, before)

    def test_it_keeps_as_many_tensors_as_it_says(self) -> None:
        """After some steps its state has, for each weight, `tensors_per_weight` tensors of the weight's own shape."""
        optimizer = self.make()
        problem = Problem(optimizer)
        problem.run(3)
        for weight in problem.network.parameters():
            kept = [value for value in problem.optimizer.state[weight].values() if getattr(value, "shape", None) == weight.shape]
            assert len(kept) == optimizer.tensors_per_weight

    def test_it_passes_over_what_has_no_gradient(self) -> None:
        """A weight that took no part in a step stays as it is."""
        network = nn.Linear(3, 1)
        optimizer = self.make().build(network.parameters())
        before = network.bias.detach().clone()
        network.weight.grad = torch.ones_like(network.weight)
        optimizer.step()
        assert torch.equal(network.bias, before)

    def test_the_same_steps_give_the_same_bits(self) -> None:
        """Nothing is drawn, and no order is left to chance."""
        one, other = Problem(self.make()), Problem(self.make())
        one.run(20)
        other.run(20)
        assert torch.equal(one.weights, other.weights)

    def test_its_state_goes_on_after_a_reload(self) -> None:
        """State that went through a file, read without pickle, continues to the same bits."""
        whole, first, second = (Problem(self.make()) for _ in range(3))
        whole.run(20)
        first.run(9)
        second.network.load_state_dict(first.network.state_dict())
        second.optimizer.load_state_dict(through_a_file(first.optimizer.state_dict()))
        second.run(11)
        assert torch.equal(second.weights, whole.weights)


class Problem:
    """Least squares of a linear network."""

    def __init__(self, optimizer: Optimizer) -> None:
        torch.manual_seed(1)
        self.network = nn.Linear(4, 1)
        self._rows, self._target = torch.randn(32, 4), torch.randn(32, 1)
        self.optimizer = optimizer.build(self.network.parameters())
        self.losses: list[float] = []

    @property
    def weights(self) -> Tensor:
        """All weights in one row."""
        return torch.cat([tensor.detach().flatten() for tensor in self.network.parameters()])

    def run(self, steps: int) -> float:
        """Take steps; the loss of the last one."""
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = (self.network(self._rows) - self._target).square().mean()
            loss.backward()
            self.optimizer.step()
            self.losses.append(loss.item())
        return self.losses[-1]


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """A state saved and read again, as a checkpoint does it."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded
