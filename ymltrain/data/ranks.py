"""The processes that train together, as each of them sees them: who takes which rows, and what they add up.

A rank takes a slice of every global batch, so that the order of rows, the batches and the sums are those of one
process, whatever the number of ranks. Every method but `share` is collective: all ranks call it, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Ranks:
    """One of `world` processes; alone it needs no process group."""

    def __init__(self, rank: int = 0, world: int = 1) -> None:
        self.rank = rank
        self.world = world

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and reports for all."""
        return self.rank == 0

    def share(self, rows: int) -> tuple[int, int]:
        """Where this rank's slice of so many rows begins and ends; the first ranks take one more when it is uneven."""
        each, over = divmod(rows, self.world)
        start = self.rank * each + min(self.rank, over)
        return start, start + each + (self.rank < over)

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all ranks, bit for bit the same on each."""
        if self.world > 1:
            value = value.clone()
            torch.distributed.all_reduce(value)
        return value

    def any(self, is_so: bool) -> bool:  # noqa: FBT001  # the one thing that is asked
        """Whether it is so on at least one rank."""
        if self.world == 1:
            return is_so
        return bool(self.sum(torch.tensor(int(is_so))).item())

    def ask(self, is_so: Callable[[], bool]) -> Callable[[], bool]:
        """Whether it is so on at least one rank, told when that is called for: what is done until then hides the wait.

        Several ranks look at once, a single one when it is called for.
        """
        if self.world == 1:
            return is_so
        box = torch.tensor(int(is_so()))
        work = torch.distributed.all_reduce(box, async_op=True)

        def told() -> bool:
            work.wait()
            return bool(box.item())

        return told

    def largest(self, value: float) -> float:
        """The largest of all ranks' values."""
        if self.world > 1:
            box = torch.tensor(value, dtype=torch.float64)
            torch.distributed.all_reduce(box, torch.distributed.ReduceOp.MAX)
            return box.item()
        return value

    def rows_of_all(self, mine: Tensor, rows: int) -> Tensor:
        """All `rows` rows in their order, from each rank's `share` of them."""
        if self.world == 1:
            return mine
        longest = -(-rows // self.world)
        padded = mine.new_zeros((longest, *mine.shape[1:]))
        padded[: len(mine)] = mine
        parts = [torch.empty_like(padded) for _ in range(self.world)]
        torch.distributed.all_gather(parts, padded)
        sizes = [Ranks(rank, self.world).share(rows) for rank in range(self.world)]
        return torch.cat([part[: stop - start] for part, (start, stop) in zip(parts, sizes, strict=True)])

    def from_first(self, value: T) -> T:
        """What the first rank has."""
        if self.world == 1:
            return value
        box = [value]
        torch.distributed.broadcast_object_list(box, src=0)
        return box[0]

    def barrier(self) -> None:
        """Wait until all are here."""
        if self.world > 1:
            self.sum(torch.tensor(0)).item()


ALONE = Ranks()
