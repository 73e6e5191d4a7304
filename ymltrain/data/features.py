"""Rows through their fitted encoders: the arrays a network takes. One way for training and prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.cache import Allocate, in_memory
from ymltrain.data.reading import column_values, finite_or_null
from ymltrain.kinds.contracts import FittedEncoder
from ymltrain.plan.plan import FeatureSpec
from ymltrain.plan.shapes import ENCODED_KINDS, FeatureShape


def encode_rows(
    frame: pl.DataFrame, features: Sequence[FeatureSpec], encoders: Mapping[str, FittedEncoder]
) -> dict[str, npt.NDArray[Any]]:
    """`number` float32 and `tokens` int32 `[n, sum of widths]`, `category` int32 `[n, features]`, in the order of `features`.

    A kind that no feature has is absent. `frame` comes from `read_rows`; NaN and infinities encode like nulls.
    """
    encoded = empty_arrays(frame.height, [encoders[feature.column].shape for feature in features])
    taken = dict.fromkeys(encoded, 0)
    for feature in features:
        encoder = encoders[feature.column]
        shape = encoder.shape
        kind, start = shape.kind, taken[shape.kind]
        values = encoder.encode(finite_or_null(column_values(frame, feature.column)))
        taken[kind] = start + shape.columns
        encoded[kind][:, start : taken[kind]] = values.reshape(frame.height, -1)
    return encoded


def empty_arrays(rows: int, shapes: Sequence[FeatureShape], allocate: Allocate = in_memory) -> dict[str, npt.NDArray[Any]]:
    """Arrays of the right types and widths for so many rows, their content undefined."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for kind in ENCODED_KINDS:
        columns = sum(shape.columns for shape in shapes if shape.kind == kind)
        if columns:
            arrays[kind] = allocate(kind, (rows, columns), np.float32 if kind == "number" else np.int32)
    return arrays
