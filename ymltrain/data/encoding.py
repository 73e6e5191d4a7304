"""The second pass over a table: its rows through the fitted encoders, into one set of arrays per split.

YT708 the data are not what they were in the first pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.blocks import read_blocks
from ymltrain.data.cache import Allocate, in_memory
from ymltrain.data.drawing import DrawnRows, RowDraw, drawn_columns
from ymltrain.data.features import empty_arrays, encode_rows
from ymltrain.data.learning import Learned, TableSpec
from ymltrain.data.paging import MappedRows
from ymltrain.data.reading import column_values
from ymltrain.data.report import SPLITS, SplitName
from ymltrain.data.tally import DROPPED, count_rows
from ymltrain.data.weights import row_weights
from ymltrain.diagnostics import DataError
from ymltrain.kinds.contracts import Datasource
from ymltrain.plan.shapes import ENCODED_KINDS


@dataclass(frozen=True)
class EncodedSplit:
    """One split as contiguous arrays, rows in table order, columns in the order of the features.

    `inputs` by kind: `number` float32 and `tokens` int32 `[rows, sum of widths]`, `category` int32 `[rows, features]`, each
    absent when no feature is of that kind; `target` as its task has it; `weight` float32 `[rows]`, None when all weigh 1.
    """

    rows: int
    inputs: Mapping[str, npt.NDArray[Any]]
    target: npt.NDArray[Any]
    weight: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class EncodedTable:
    """Every split; the golden rows, the feature columns as they were read, in table order; raw rows drawn for a profile."""

    splits: dict[SplitName, EncodedSplit]
    golden: pl.DataFrame
    drawn: DrawnRows | None


def encode_splits(source: Datasource, learned: Learned, spec: TableSpec, allocate: Allocate = in_memory) -> EncodedTable:
    """The table encoded into arrays from `allocate`.

    Goes on counting in the tallies of `learned`. Raises DataError (YT708) when there are more or fewer rows than before.
    """
    counts = zip(SPLITS, count_rows(learned.codes)[:DROPPED], strict=True)
    filling = [_FillingSplit(int(rows), learned, spec, _named(name, allocate)) for name, rows in counts]
    golden: list[pl.DataFrame] = []
    draw = RowDraw(spec.drawn_rows, spec) if spec.drawn_rows else None
    rows = 0
    for first_row, block in read_blocks(source, spec.columns if draw is None else drawn_columns(spec)):
        rows = first_row + block.height
        if rows > len(learned.codes):
            break
        golden.append(_golden_rows(block, first_row, learned, spec))
        codes = learned.codes[first_row:rows]
        if draw is not None:
            draw.update(block, codes, first_row)
        kept = codes != DROPPED
        encoded = _encode(block.filter(pl.Series(kept)), learned, spec)
        _count_unseen(encoded, codes[kept], learned, spec)
        for number, split in enumerate(filling):
            split.append(encoded, codes[kept] == number)
    if rows != len(learned.codes):
        raise changed_meanwhile()
    splits = dict(zip(SPLITS, [split.finish() for split in filling], strict=True))
    return EncodedTable(splits, pl.concat(golden), draw.finish() if draw is not None else None)


def changed_meanwhile() -> DataError:
    """The error for data that are not what they were when reading began."""
    return DataError("YT708", "the data changed while they were read", "start again when nothing writes to them any more")


class _FillingSplit:
    """The arrays of one split, filled from the top."""

    def __init__(self, rows: int, learned: Learned, spec: TableSpec, allocate: Allocate) -> None:
        self._rows = rows
        self._arrays = empty_arrays(rows, [learned.encoders[feature.column].shape for feature in spec.features], allocate)
        output = learned.target.output
        target_type = np.int64 if output.task in ("classification", "ordinal") else np.float32
        self._arrays["target"] = allocate("target", (rows, output.width) if output.task == "multilabel" else (rows,), target_type)
        if spec.weight is not None or learned.target.class_weights is not None:
            self._arrays["weight"] = allocate("weight", (rows,), np.float32)
        self._filled = 0
        self._pages = MappedRows(self._arrays.values())

    def append(self, encoded: Mapping[str, npt.NDArray[Any]], is_mine: npt.NDArray[np.bool_]) -> None:
        mine = np.flatnonzero(is_mine)
        end = self._filled + len(mine)
        for kind, array in self._arrays.items():
            encoded[kind].take(mine, axis=0, out=array[self._filled : end], mode="clip")  # "raise" would fill a copy first
        self._pages.release(self._filled, end)  # what is written is the system's to keep; only whole pages go
        self._filled = end

    def finish(self) -> EncodedSplit:
        return encoded_split(self._rows, self._arrays)


def encoded_split(rows: int, arrays: Mapping[str, npt.NDArray[Any]]) -> EncodedSplit:
    """A split from its arrays by kind."""
    inputs: dict[str, npt.NDArray[Any]] = {kind: arrays[kind] for kind in ENCODED_KINDS if kind in arrays}
    return EncodedSplit(rows, inputs, arrays["target"], arrays.get("weight"))


def split_arrays(splits: Mapping[SplitName, EncodedSplit]) -> dict[str, npt.NDArray[Any]]:
    """All arrays of all splits, by `<split>.<kind>`."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, split in splits.items():
        arrays |= {f"{name}.{kind}": array for kind, array in split.inputs.items()}
        arrays[f"{name}.target"] = split.target
        if split.weight is not None:
            arrays[f"{name}.weight"] = split.weight
    return arrays


def _named(split: str, allocate: Allocate) -> Allocate:
    return lambda kind, shape, dtype: allocate(f"{split}.{kind}", shape, dtype)


def _golden_rows(block: pl.DataFrame, first_row: int, learned: Learned, spec: TableSpec) -> pl.DataFrame:
    drawn = learned.golden[(learned.golden >= first_row) & (learned.golden < first_row + block.height)] - first_row
    return pl.DataFrame({feature.column: block.get_column(feature.column) for feature in spec.features})[drawn]


def _encode(rows: pl.DataFrame, learned: Learned, spec: TableSpec) -> dict[str, npt.NDArray[Any]]:
    encoded = encode_rows(rows, spec.features, learned.encoders)
    encoded["target"] = learned.target.encode([column_values(rows, name) for name in spec.target.columns])
    weight = column_values(rows, spec.weight) if spec.weight is not None else None
    weights = row_weights(weight, learned.target.class_weights, encoded["target"])
    return encoded if weights is None else {**encoded, "weight": weights}


def _count_unseen(encoded: Mapping[str, npt.NDArray[Any]], codes: npt.NDArray[np.uint8], learned: Learned, spec: TableSpec) -> None:
    categories = [name for feature in spec.features if learned.encoders[name := feature.column].shape.kind == "category"]
    for position, name in enumerate(categories):
        learned.tallies[name].count_unseen(encoded["category"][:, position], codes)
