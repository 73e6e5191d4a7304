"""The conformance kit of kind `loss`."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from ymltrain.api import NO_TOKEN, Loss, Task


class LossKit:
    """Subclass it, and give `make` an instance with the params to test."""

    def make(self) -> Loss:
        """The loss under test."""
        raise NotImplementedError

    def test_it_names_its_tasks(self) -> None:
        """At least one task, each a known one."""
        assert set(self.make().tasks)
        assert set(self.make().tasks) <= set(get_args(Task))

    def test_there_is_one_loss_a_row(self) -> None:
        """`[n]`, finite, for one row and for many."""
        for task in self.make().tasks:
            for rows in (1, 6):
                losses = self.make().build()(*example(task, rows))
                assert tuple(losses.shape) == (rows,)
                assert losses.isfinite().all()

    def test_it_stays_finite_far_off(self) -> None:
        """An output that is wrong by far has a large loss and a usable gradient, no overflow."""
        for task in self.make().tasks:
            output, target = example(task, 6)
            far = (output * 1_000).requires_grad_()
            losses = self.make().build()(far, target)
            (gradient,) = torch.autograd.grad(losses.sum(), far)
            assert losses.isfinite().all()
            assert gradient.isfinite().all()

    def test_a_row_does_not_depend_on_others(self) -> None:
        """The losses of a batch are those of its parts, so that batches of any size add up."""
        for task in self.make().tasks:
            loss = self.make().build()
            output, target = example(task, 10)
            parts = torch.cat([loss(output[:3], target[:3]), loss(output[3:], target[3:])])
            torch.testing.assert_close(parts, loss(output, target))

    def test_it_can_be_minimised(self) -> None:
        """Following its gradient lowers it."""
        for task in self.make().tasks:
            loss = self.make().build()
            output, target = example(task, 10)
            output.requires_grad_()
            before = loss(output, target).sum()
            (gradient,) = torch.autograd.grad(before, output)
            assert gradient.isfinite().all()
            assert loss(output.detach() - 1e-3 * gradient, target).sum() < before


def example(task: Task, rows: int) -> tuple[Tensor, Tensor]:
    """Outputs and targets of some rows, as a loss takes them."""
    generator = torch.Generator().manual_seed(5)
    output = torch.randn(rows, 1 if task in ("regression", "binary") else 3, generator=generator)
    if task == "regression":
        return output, torch.randn(rows, generator=generator)
    if task == "multilabel":
        return output, torch.randint(2, (rows, 3), generator=generator).float()
    if task == "next_token":
        target = torch.randint(3, (rows, 5), generator=generator, dtype=torch.int32)
        target[-1, 2:] = NO_TOKEN
        return torch.randn(rows, 5, 3, generator=generator), target
    classes = {"binary": 2, "classification": 3, "ordinal": 4}[task]
    ids = torch.randint(classes, (rows,), generator=generator)
    return output, ids.float() if task == "binary" else ids
