"""What is different between two bundles: contract, features, params, digests, metrics, weights layer by layer, size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ymltrain.bundle.contract import CONTRACT_FILE, WEIGHTS_FILE, Contract, read_contract
from ymltrain.bundle.tensors import read_tensors

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ("inputs", "target", "output", "model", "features", "metrics", "digests", "size")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not the same: of which part, what, and its two values (None where it is missing)."""

    part: str
    what: str
    was: Any
    now: Any


class LayerDistance(msgspec.Struct, frozen=True, kw_only=True):
    """How far apart one tensor is in two bundles: the norm of the difference, over that of the first, and the largest change.

    `relative` is None where the first is all zero; all are None where shape or dtype differ or one has no such tensor.
    """

    name: str
    shapes: tuple[tuple[int, ...] | None, tuple[int, ...] | None]
    distance: float | None = None
    relative: float | None = None
    largest: float | None = None


def bundle_differences(was: Path, now: Path) -> list[Difference]:
    """Everything but the weights. Raises BundleError."""
    old, new = _described(was), _described(now)
    return [difference for part in PARTS for difference in compare(part, "", old[part], new[part])]


def layer_distances(was: Path, now: Path) -> list[LayerDistance]:
    """Each tensor of either bundle, in the order of the first. Raises BundleError."""
    old, new = read_tensors(was / WEIGHTS_FILE), read_tensors(now / WEIGHTS_FILE)
    names = [*old, *(name for name in new if name not in old)]
    return [_distance(name, old.get(name), new.get(name)) for name in names]


def _distance(name: str, was: Tensor | None, now: Tensor | None) -> LayerDistance:
    shapes = (None if was is None else tuple(was.shape), None if now is None else tuple(now.shape))
    if was is None or now is None or was.shape != now.shape or was.dtype != now.dtype:
        return LayerDistance(name=name, shapes=shapes)
    old, change = was.double(), now.double() - was.double()
    norm, distance = float(old.norm()), float(change.norm())
    return LayerDistance(
        name=name,
        shapes=shapes,
        distance=distance,
        relative=distance / norm if norm else None,
        largest=float(change.abs().max()) if change.numel() else 0.0,
    )


def _described(folder: Path) -> dict[str, Any]:
    path = folder / CONTRACT_FILE
    contract: Contract = read_contract(path.read_bytes(), str(path))
    files = [file for file in folder.rglob("*") if file.is_file()]
    document: dict[str, Any] = msgspec.to_builtins(contract)
    return {
        **{part: document[part] for part in ("inputs", "target", "output", "model", "metrics", "digests")},
        "features": {
            feature["column"]: {key: feature[key] for key in ("type", "encoder", "state")} for feature in document["features"]
        },
        "size": {file.relative_to(folder).as_posix(): file.stat().st_size for file in files},
    }


def compare(part: str, path: str, was: Any, now: Any) -> Iterator[Difference]:
    """Where two documents differ, by the path to each value."""
    if isinstance(was, Mapping | None) and isinstance(now, Mapping | None):
        was, now = was or {}, now or {}
        for key in [*was, *(key for key in now if key not in was)]:
            yield from compare(part, f"{path}.{key}" if path else str(key), was.get(key), now.get(key))
    elif was != now:
        yield Difference(part=part, what=path, was=was, now=now)
