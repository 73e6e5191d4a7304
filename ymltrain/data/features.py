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
from ymltrain.plan.shapes import FeatureShape


def encode_rows(
    frame: pl.DataFrame, features: Sequence[FeatureSpec], encoders: Mapping[str, FittedEncoder]
) -> dict[str, npt.NDArray[Any]]:
    """`number` float32 `[n, sum of widths]` and `category` int32 `[n, features]`, columns in the order of `features`.

    A kind that no feature has is absent. `frame` comes from `read_rows`; NaN and infinities encode like nulls.
    """
    encoded = empty_arrays(frame.height, [encoders[feature.column].shape for feature in features])
    taken = dict.fromkeys(encoded, 0)
    for feature in features:
        encoder = encoders[feature.column]
        kind, start = encoder.shape.kind, taken[encoder.shape.kind]
        values = encoder.encode(finite_or_null(column_values(frame, feature.column)))
        taken[kind] = start + (encoder.shape.width if kind == "number" else 1)
        encoded[kind][:, start : taken[kind]] = values.reshape(frame.height, -1)
    return encoded


def empty_arrays(rows: int, shapes: Sequence[FeatureShape], allocate: Allocate = in_memory) -> dict[str, npt.NDArray[Any]]:
    """Arrays of the right types and widths for so many rows, their content undefined."""
    width = sum(shape.width for shape in shapes if shape.kind == "number")
    categories = sum(shape.kind == "category" for shape in shapes)
    arrays: dict[str, npt.NDArray[Any]] = {}
    if width:
        arrays["number"] = allocate("number", (rows, width), np.float32)
    if categories:
        arrays["category"] = allocate("category", (rows, categories), np.int32)
    return arrays
