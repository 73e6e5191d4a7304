"""Encoded data on their way from the process that prepared them to those that train: every rank maps the same arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ymltrain.data.encoding import EncodedSplit
from ymltrain.data.target import FittedTarget, restore_target
from ymltrain.plan.shapes import FeatureShape

SPLITS = ("train", "val")


@dataclass(frozen=True)
class Handover:
    """What training needs of prepared data."""

    train: EncodedSplit
    val: EncodedSplit | None
    shapes: Sequence[FeatureShape]
    target: FittedTarget


class _Contents(msgspec.Struct, frozen=True):
    shapes: list[FeatureShape]
    target: dict[str, Any]
    rows: dict[str, int]


def write_handover(folder: Path, handover: Handover) -> None:
    """Put the arrays into a folder, one file each. Raises OSError."""
    rows = {}
    for name in SPLITS:
        split = getattr(handover, name)
        if split is None:
            continue
        rows[name] = split.rows
        for field, array in _arrays(split).items():
            np.save(folder / f"{name}.{field}.npy", array, allow_pickle=False)
    contents = _Contents(list(handover.shapes), handover.target.state, rows)
    (folder / "contents.json").write_bytes(msgspec.json.encode(contents))


def read_handover(folder: Path) -> Handover:
    """What was handed over, its arrays mapped into memory."""
    contents = msgspec.json.decode((folder / "contents.json").read_bytes(), type=_Contents)
    splits = {name: _read_split(folder, name, rows) for name, rows in contents.rows.items()}
    return Handover(splits["train"], splits.get("val"), contents.shapes, restore_target(contents.target))


def _arrays(split: EncodedSplit) -> dict[str, np.ndarray[Any, Any]]:
    values = {field.name: getattr(split, field.name) for field in dataclasses.fields(split)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def _read_split(folder: Path, name: str, rows: int) -> EncodedSplit:
    values: dict[str, Any] = {"rows": rows}
    for field in dataclasses.fields(EncodedSplit):
        if field.name == "rows":
            continue
        file = folder / f"{name}.{field.name}.npy"
        values[field.name] = np.load(file, mmap_mode="r" if rows else None, allow_pickle=False) if file.exists() else None
    return EncodedSplit(**values)
