"""What a rank's memory will hold: weights, gradients, optimizer, gathered weights; without torch, from the model's shapes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import msgspec

from ymltrain.plan.shapes import TensorShape
from ymltrain.plan.topology import Topology

BYTES_PER_WEIGHT = {"64-true": 8, "bf16-true": 2, "16-true": 2}
MEMBER = re.compile(r"^(.+?\.\d+)\.")


class RankMemory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes on each rank, by what holds them, under one strategy.

    `gathered` is what a sharded model puts together for a moment; `activations` and `peak` are None unless measured: the
    first are what the forward pass keeps for the backward pass, the second is the most that tensors take at one time.
    """

    strategy: str
    world: int
    rows: int
    parameters: int
    gradients: int
    optimizer: int
    gathered: int
    activations: int | None = None
    peak: int | None = None

    @property
    def state(self) -> int:
        """What is there all the time."""
        return self.parameters + self.gradients + self.optimizer

    @property
    def most(self) -> int:
        """The best that is known of the most at one time."""
        return self.peak if self.peak is not None else self.state + self.gathered

    def fits(self, device_bytes: int | None) -> bool | None:
        """Whether a device has room for it; None when the recipe does not say how much it has."""
        return None if device_bytes is None else self.most <= device_bytes


def estimate_memory(
    tensors: Sequence[TensorShape], optimizer_tensors: int, topology: Topology, *, is_sharded: bool, strategy: str
) -> RankMemory:
    """The bytes on the rank that holds most of each tensor, the first."""
    each = BYTES_PER_WEIGHT.get(topology.precision, 4)
    world = topology.world_size
    weights = sum(_rows_of_first(tensor, world) if is_sharded and world > 1 else tensor.size for tensor in tensors) * each
    return RankMemory(
        strategy=strategy,
        world=world,
        rows=math.ceil(topology.batch_size / world),
        parameters=weights,
        gradients=weights,
        optimizer=weights * optimizer_tensors,
        gathered=_gathered(tensors) * each if is_sharded and world > 1 else 0,
    )


def _rows_of_first(tensor: TensorShape, world: int) -> int:
    """The elements that the first rank holds of a tensor cut along its first dimension."""
    if not tensor.shape:
        return 1
    return math.ceil(tensor.shape[0] / world) * math.prod(tensor.shape[1:])


def _gathered(tensors: Sequence[TensorShape]) -> int:
    """What is whole at one time: all that belongs to no unit, and weights and gradients of the largest unit.

    Units are the members of module lists, as FSDP takes them where a network names no others.
    """
    units: dict[str, int] = {}
    rest = 0
    for tensor in tensors:
        member = MEMBER.match(tensor.name)
        if member is None:
            rest += tensor.size
        else:
            units[member[1]] = units.get(member[1], 0) + tensor.size
    return rest + 2 * max(units.values(), default=0)
