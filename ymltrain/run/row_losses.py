"""The loss of each row, of one network or of several in one."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


def row_losses(loss: Callable[[Tensor, Tensor], Tensor], output: Tensor, target: Tensor) -> Tensor:
    """`[n]` of outputs `[n, width]`; of `[n, members, width]` the mean of each member's own loss, so that each learns by itself."""
    is_of_tokens = target.ndim == 2 and not target.is_floating_point()
    if output.ndim == 2 or is_of_tokens:
        return loss(output, target)
    members = output.shape[1]
    losses = loss(output.flatten(0, 1), target.repeat_interleave(members, dim=0))
    return losses.reshape(-1, members).mean(dim=1)
