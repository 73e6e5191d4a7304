"""Batches: whole slices of tensors that are in memory or mapped from files, in an epoch's order.

What Lightning iterates carries row numbers only; the rows themselves are taken when a batch is trained on.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ymltrain.data.order import RowOrder


class EncodedRows(Protocol):
    """The encoded rows of one split, as arrays."""

    @property
    def rows(self) -> int: ...

    @property
    def inputs(self) -> Mapping[str, npt.NDArray[Any]]: ...

    @property
    def target(self) -> npt.NDArray[Any]: ...

    @property
    def weight(self) -> npt.NDArray[np.float32] | None: ...


class Batch(NamedTuple):
    """Rows as a network and a loss take them; `weight` is None where every row weighs 1."""

    inputs: dict[str, Tensor]
    target: Tensor
    weight: Tensor | None = None


class TensorSplit:
    """The encoded rows of one split as tensors; batches come out on `device`, where the tensors may lie already."""

    def __init__(self, batch: Batch, device: torch.device | None = None, dtype: torch.dtype | None = None) -> None:
        self.all = batch
        self.device = device or batch.target.device
        self._dtype = dtype

    @classmethod
    def of(cls, split: EncodedRows) -> TensorSplit:
        """The same memory seen as tensors."""
        inputs = {kind: _as_tensor(array) for kind, array in split.inputs.items()}
        return cls(Batch(inputs, _as_tensor(split.target), None if split.weight is None else _as_tensor(split.weight)))

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.all.target)

    @property
    def nbytes(self) -> int:
        """The memory that all tensors take."""
        weight = 0 if self.all.weight is None else self.all.weight.nbytes
        return self.all.target.nbytes + weight + sum(tensor.nbytes for tensor in self.all.inputs.values())

    def placed(self, device: torch.device, dtype: torch.dtype = torch.float32, *, is_streamed: bool = False) -> TensorSplit:
        """The split for training on a device: there as a whole when it takes at most half of the free memory.

        Otherwise, and when it is streamed, it stays where it is and batches are copied over. Numbers become `dtype`, batch
        by batch when it is streamed; a floating point target becomes float64 with a float64 network and stays float32 with
        any other.
        """
        if is_streamed:
            return TensorSplit(self.all, device, dtype)
        split = TensorSplit(_converted(self.all, dtype), device)
        if device.type == "cpu" or split.nbytes * 2 > _free_memory(device):
            return split
        return TensorSplit(_each(split.all, lambda tensor: tensor.to(device)), device)

    def take(self, rows: Tensor) -> Batch:
        """The rows with these numbers, which lie where the tensors do."""
        return self._on_device(_each(self.all, lambda tensor: tensor.index_select(0, rows)))

    def weight_of(self, rows: Tensor) -> float:
        """The sum of the weights of the rows with these numbers; their number where each weighs 1."""
        return float(len(rows)) if self.all.weight is None else float(self.all.weight.index_select(0, rows).double().sum())

    def part(self, start: int, stop: int) -> Batch:
        """A stretch of rows in the table's order."""
        return self._on_device(_each(self.all, lambda tensor: tensor[start:stop]))

    def _on_device(self, batch: Batch) -> Batch:
        batch = batch if self._dtype is None else _converted(batch, self._dtype)
        return batch if batch.target.device == self.device else _each(batch, self._copy)

    def _copy(self, tensor: Tensor) -> Tensor:
        """A tensor brought over; CUDA copies pinned memory while the host goes on."""
        return (tensor.pin_memory() if self.device.type == "cuda" else tensor).to(self.device, non_blocking=True)


def total_weight(batch: Batch) -> float:
    """The sum of the rows' weights; their number where each weighs 1."""
    return float(len(batch.target)) if batch.weight is None else float(batch.weight.double().sum())


def _each(batch: Batch, change: Callable[[Tensor], Tensor]) -> Batch:
    """The same change made to every tensor of a batch."""
    weight = None if batch.weight is None else change(batch.weight)
    return Batch({kind: change(tensor) for kind, tensor in batch.inputs.items()}, change(batch.target), weight)


class StepGroup(NamedTuple):
    """Optimizer steps that one call of Lightning takes: for each the row numbers of its batches."""

    epoch: int
    first_batch: int
    steps: list[list[Tensor]]


class StepLoader:
    """The rest of an epoch from a position on, in groups of optimizer steps.

    It has no length on purpose: a sized loader's iterator is never run to its end by Lightning. Where it starts, how large
    a group is and where the rows lie are asked for when they are needed.
    """

    def __init__(  # noqa: PLR0913 - what it goes by, and what it asks for
        self,
        *,
        order: Callable[[int], RowOrder],
        batch_size: int,
        accumulate: int,
        start: Callable[[], tuple[int, int]],
        group_size: Callable[[], int],
        device: Callable[[], torch.device] = lambda: torch.device("cpu"),
    ) -> None:
        self._order = order
        self._batch_size = batch_size
        self._accumulate = accumulate
        self._start = start
        self._group_size = group_size
        self._device = device

    def __iter__(self) -> Iterator[StepGroup]:
        epoch, batch = self._start()
        order = self._order(epoch)
        count = -(-order.rows // self._batch_size)
        while batch < count:
            stop = min(count, batch + self._group_size() * self._accumulate)
            numbers = order.part(batch * self._batch_size, min(stop * self._batch_size, order.rows))
            batches = torch.split(numbers.to(self._device()), self._batch_size)
            firsts = range(0, len(batches), self._accumulate)
            yield StepGroup(epoch, batch, [list(batches[first : first + self._accumulate]) for first in firsts])
            batch = stop


def count_steps(rows: int, batch_size: int, accumulate: int) -> tuple[int, int]:
    """Batches and optimizer steps of an epoch, uneven last ones included."""
    batches = -(-rows // batch_size)
    return batches, -(-batches // accumulate)


def _as_tensor(array: npt.NDArray[Any]) -> Tensor:
    """The array's own memory; memory-mapped arrays may be read-only, and training only reads them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable", category=UserWarning)
        return torch.from_numpy(array)


def _converted(batch: Batch, dtype: torch.dtype) -> Batch:
    inputs = {kind: _of_dtype(tensor, dtype) for kind, tensor in batch.inputs.items()}
    return Batch(inputs, _of_dtype(batch.target, dtype) if dtype == torch.float64 else batch.target, batch.weight)


def _of_dtype(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _free_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return 0
