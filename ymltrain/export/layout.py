"""The inputs of an exported program: which feature goes where, raw or encoded.

A program takes up to four arrays, `[batch, columns]` each, of which those without columns are left out: `raw` (float64)
holds values as they are, of the features whose encoder is a formula; `number` (float32), `category` and `tokens` (int32)
hold what the caller has encoded, as the network takes it. A language model takes one array of tokens, whose length is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.defaults import fill_defaults
from ymltrain.bundle.predictor import Predictor
from ymltrain.data.reading import column_values, finite_or_null
from ymltrain.kinds.formula import Formula, raw_values

InputName: TypeAlias = Literal["raw", "number", "category", "tokens"]
Arrays: TypeAlias = dict[str, npt.NDArray[Any]]

DTYPES: dict[InputName, type[np.generic]] = {"raw": np.float64, "number": np.float32, "category": np.int32, "tokens": np.int32}


@dataclass(frozen=True)
class FeatureInput:
    """Where a feature's values stand: columns `first` to `first + columns - 1` of an input; `formula` where they are raw."""

    column: str
    name: InputName
    first: int
    columns: int
    formula: Formula | None = None


@dataclass(frozen=True)
class Layout:
    """The features in the model's order, and the inputs that there are with their columns."""

    features: tuple[FeatureInput, ...]

    @property
    def widths(self) -> dict[InputName, int]:
        """The columns of each input that there is."""
        widths = {name: max((one.first + one.columns for one in self.features if one.name == name), default=0) for name in DTYPES}
        return {name: width for name, width in widths.items() if width}

    def arrays(self, predictor: Predictor, rows: pl.DataFrame) -> Arrays:
        """The inputs for rows as `Predictor.read` gives them, serving defaults filled in."""
        encoded = dict(predictor.feature_values(predictor.encode(rows)))
        filled = fill_defaults(rows, predictor.features)
        arrays: Arrays = {name: np.empty((rows.height, width), DTYPES[name]) for name, width in self.widths.items()}
        for feature in self.features:
            if feature.formula is not None:
                column = finite_or_null(column_values(filled, feature.column))
                values: npt.NDArray[Any] = raw_values(column, feature.columns)
            else:
                values = encoded[feature.column].reshape(rows.height, feature.columns)
            arrays[feature.name][:, feature.first : feature.first + feature.columns] = values
        return arrays


@dataclass(frozen=True)
class TextLayout:
    """The one input of a language model: `tokens` int32 `[batch, tokens]`, at most `context` of them."""

    context: int

    @property
    def widths(self) -> dict[str, int]:
        """The input, and how many tokens it takes at most."""
        return {"tokens": self.context}


def layout_of(predictor: Predictor, *, with_formulas: bool) -> Layout:
    """The layout of a bundle's features; without formulas all of them come encoded."""
    taken: dict[InputName, int] = {}
    features = []
    for feature in predictor.features:
        encoder = predictor.encoders[feature.column]
        formula: Formula | None = getattr(encoder, "formula", None) if with_formulas else None
        name: InputName = "raw" if formula is not None else encoder.shape.kind
        columns = encoder.shape.columns if formula is None else formula.columns
        features.append(FeatureInput(feature.column, name, taken.get(name, 0), columns, formula))
        taken[name] = taken.get(name, 0) + columns
    return Layout(tuple(features))


def part_of(arrays: Mapping[str, npt.NDArray[Any]], start: int, end: int) -> Arrays:
    """Some rows of all inputs."""
    return {name: np.ascontiguousarray(array[start:end]) for name, array in arrays.items()}
