"""Encoded data on their way from the process that prepared them to those that train: every rank maps the same arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from ymltrain.data.encoding import EncodedSplit, encoded_split, split_arrays
from ymltrain.data.next_token import AnyTarget, restore_any_target
from ymltrain.data.report import SplitName
from ymltrain.plan.shapes import FeatureShape

SPLITS: tuple[SplitName, ...] = ("train", "val")


@dataclass(frozen=True)
class Handover:
    """What training needs of prepared data."""

    train: EncodedSplit
    val: EncodedSplit | None
    shapes: Sequence[FeatureShape]
    target: AnyTarget


class _Contents(msgspec.Struct, frozen=True):
    shapes: list[FeatureShape]
    target: dict[str, Any]
    rows: dict[str, int]


def write_handover(folder: Path, handover: Handover) -> None:
    """Put the arrays into a folder, one file each. Raises OSError."""
    splits = {name: split for name in SPLITS if (split := getattr(handover, name)) is not None}
    for name, array in split_arrays(splits).items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    rows: dict[str, int] = {name: split.rows for name, split in splits.items()}
    contents = _Contents(list(handover.shapes), handover.target.state, rows)
    (folder / "contents.json").write_bytes(msgspec.json.encode(contents))


def read_handover(folder: Path) -> Handover:
    """What was handed over, its arrays mapped into memory."""
    contents = msgspec.json.decode((folder / "contents.json").read_bytes(), type=_Contents)
    splits = {name: _read_split(folder, name, rows) for name, rows in contents.rows.items()}
    return Handover(splits["train"], splits.get("val"), contents.shapes, restore_any_target(contents.target))


def _read_split(folder: Path, name: str, rows: int) -> EncodedSplit:
    files = {file.name.removeprefix(f"{name}.").removesuffix(".npy"): file for file in folder.glob(f"{name}.*.npy")}
    mode: Literal["r"] | None = "r" if rows else None
    return encoded_split(rows, {kind: np.load(file, mmap_mode=mode, allow_pickle=False) for kind, file in files.items()})
