"""Tensors as one rank holds them: whole, or some rows of each; written and read so that any other layout can take them.

A file is safetensors; its metadata says of a part at which row it begins and which shape the whole has. FSDP2 cuts
along the first dimension, which is the only cut there is here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


@dataclass(frozen=True)
class Pieces:
    """This rank's tensors by name, on the CPU. `starts` and `shapes` are of those that are parts of a larger one."""

    tensors: dict[str, Tensor]
    starts: dict[str, int] = field(default_factory=dict)
    shapes: dict[str, list[int]] = field(default_factory=dict)

    @property
    def is_partial(self) -> bool:
        """Whether other ranks hold the rest."""
        return bool(self.shapes)

    def save(self, path: Path) -> None:
        """Write them as one file. Raises OSError and SafetensorError."""
        held = {name: tensor for name, tensor in self.tensors.items() if tensor.numel() or name not in self.shapes}
        save_file(held, path, metadata={"starts": json.dumps(self.starts), "shapes": json.dumps(self.shapes)})


def take_pieces(tensors: Mapping[str, Tensor], *, copy: bool = True) -> Pieces:
    """What this rank holds of some tensors. With `copy` later changes of them do not reach the pieces."""
    taken: dict[str, Tensor] = {}
    starts: dict[str, int] = {}
    shapes: dict[str, list[int]] = {}
    for name, tensor in tensors.items():
        local = tensor.detach()
        if is_sharded(tensor):
            starts[name], shapes[name] = first_row(tensor), list(tensor.shape)
            local = local_of(tensor).detach()
        taken[name] = local.to("cpu", copy=copy, memory_format=torch.contiguous_format)
    return Pieces(taken, starts, shapes)


class Assembly:
    """Tensors in the files of all ranks that wrote them; read whole, or the rows that a rank needs."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._parts: dict[str, list[tuple[int, Any]]] = {}
        self._shapes: dict[str, list[int]] = {}
        for file in sorted(files):
            opened: Any = safe_open(file, framework="pt")
            metadata = opened.metadata() or {}
            starts, shapes = (json.loads(metadata.get(key, "{}")) for key in ("starts", "shapes"))
            for name in opened.keys():  # noqa: SIM118  # no mapping, though it looks like one
                if name not in shapes and name in self._parts:
                    continue  # a buffer, which every rank holds whole: one copy will do
                self._parts.setdefault(name, []).append((starts.get(name, 0), opened))
                self._shapes[name] = shapes.get(name) or list(opened.get_slice(name).get_shape())

    @property
    def names(self) -> list[str]:
        """The names of all tensors."""
        return list(self._shapes)

    def shape(self, name: str) -> list[int]:
        """The shape of the whole tensor."""
        return self._shapes[name]

    def whole(self) -> dict[str, Tensor]:
        """All tensors, put together."""
        return {name: self.read(name) for name in self.names}

    def read(self, name: str) -> Tensor:
        """A tensor, put together. Raises SafetensorError when rows are missing."""
        shape = self._shapes[name]
        if len(self._parts[name]) == 1 and not shape:
            tensor: Tensor = self._parts[name][0][1].get_tensor(name)
            return tensor
        return self.rows(name, 0, shape[0])

    def rows(self, name: str, start: int, stop: int) -> Tensor:
        """Rows of a tensor, from whichever files hold them. Raises SafetensorError when some are missing."""
        found = []
        for begin, opened in sorted(self._parts[name], key=lambda part: part[0]):
            part = opened.get_slice(name)
            end = begin + part.get_shape()[0]
            if begin < stop and start < end:
                found.append(part[max(start, begin) - begin : min(stop, end) - begin])
        rows = found[0] if len(found) == 1 else torch.cat(found) if found else torch.empty(0, *self._shapes[name][1:])
        if len(rows) != stop - start:
            raise SafetensorError(f"{name} lacks rows: {len(rows)} of {stop - start} are there")
        return rows


@torch.no_grad()
def put_in(tensors: Mapping[str, Tensor], stored: Assembly) -> None:
    """Copy what was stored into tensors that are there, of each only the rows it holds. Raises KeyError, SafetensorError."""
    for name, tensor in tensors.items():
        if is_sharded(tensor):
            local, start = local_of(tensor), first_row(tensor)
            local.copy_(stored.rows(name, start, start + len(local)))
        else:
            tensor.copy_(stored.read(name))


def like(tensor: Tensor, stored: Assembly, name: str) -> Tensor:
    """A stored tensor, laid out over the ranks as another one of its shape is."""
    if not is_sharded(tensor):
        return stored.read(name)
    from torch.distributed.tensor import DTensor

    sharded: Any = tensor
    start, local = first_row(tensor), local_of(tensor)
    rows = stored.rows(name, start, start + len(local)).to(local.device)
    return DTensor.from_local(
        rows, sharded.device_mesh, sharded.placements, run_check=False, shape=tensor.shape, stride=tensor.stride()
    )


def is_sharded(tensor: Tensor) -> bool:
    """Whether ranks hold parts of the tensor (asked without importing what sharding needs)."""
    return hasattr(tensor, "device_mesh")


def whole(tensor: Tensor) -> Tensor:
    """A tensor put together from all ranks' parts. Collective."""
    sharded: Any = tensor
    put_together: Tensor = sharded.full_tensor() if is_sharded(tensor) else tensor
    return put_together


def local_of(tensor: Tensor) -> Tensor:
    """The part of a sharded tensor that is here."""
    sharded: Any = tensor
    local: Tensor = sharded.to_local()
    return local


def first_row(tensor: Tensor) -> int:
    """The number of the first row of a sharded tensor's local part."""
    from torch.distributed.tensor._utils import compute_local_shape_and_global_offset

    sharded: Any = tensor
    _, offsets = compute_local_shape_and_global_offset(tensor.shape, sharded.device_mesh, sharded.placements)
    return int(offsets[0])


def files_of(names: Sequence[str], what: str) -> list[str]:
    """Of a checkpoint's file names those that hold one set of tensors, written whole or by several ranks."""
    return [name for name in names if name.endswith(".safetensors") and name.removesuffix(".safetensors").partition("-")[0] == what]
