"""Outputs of a network as checks compare them, whatever its task: numbers, labels, or sets of labels as one text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.data.target import FittedTarget
from ymltrain.skew.records import Floats, Mask

TIE = 1e-4
"""Probabilities as near as this to where the label changes say nothing of which label is right."""


def is_labelled(target: FittedTarget) -> bool:
    """Whether predictions are labels, not numbers."""
    return target.output.task != "regression"


def class_names(target: FittedTarget) -> tuple[str, ...]:
    """The labels that single predictions choose from; of a multilabel target and of numbers none."""
    return tuple(getattr(target, "classes", ()))


def known_labels(target: FittedTarget) -> set[str]:
    """All labels that a prediction may hold."""
    return {*class_names(target), *getattr(target, "labels", ())}


def scores(target: FittedTarget, output: npt.NDArray[Any]) -> Floats:
    """Outputs as numbers that can be compared: the encoded target, or probabilities `[n, classes or labels]`."""
    if not is_labelled(target):
        return output.astype(np.float64)
    found = target.decode(output)
    return np.stack([1 - found, found], axis=1) if found.ndim == 1 else found


def is_tie(target: FittedTarget, output: npt.NDArray[Any]) -> Mask:
    """Rows whose label a rounding error decides: `[n]`."""
    found = scores(target, output)
    tie: Any
    match target.output.task:
        case "classification":
            ordered = np.sort(found, axis=1)
            tie = ordered[:, -1] - ordered[:, -2] < TIE
        case "ordinal":
            tie = (np.abs(found.cumsum(axis=1)[:, :-1] - 0.5) < TIE).any(axis=1)
        case "binary" | "multilabel":
            yes = found[:, 1:] if target.output.task == "binary" else found
            tie = (np.abs(yes - target.output.threshold) < TIE).any(axis=1)
        case _:
            tie = np.zeros(len(found), bool)
    return np.asarray(tie)


def predictions_of(predictor: Predictor, output: npt.NDArray[np.float32]) -> pl.Series:
    """Predictions as logs are compared with them."""
    return plain_predictions(predictor.decode(output).get_column("prediction"))


def plain_predictions(predictions: pl.Series) -> pl.Series:
    """Predictions with sets of labels as one text, "a, b"."""
    return predictions.list.join(", ") if isinstance(predictions.dtype, pl.List) else predictions


def labels_of(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    """The target of rows as predictions are written: its column, or of several label columns those that apply."""
    if len(columns) == 1:
        return rows.get_column(columns[0])
    applies = [rows.get_column(name).cast(pl.Float64).to_numpy() > 0 for name in columns]
    sets = [", ".join(name for name, is_on in zip(columns, row, strict=True) if is_on) for row in zip(*applies, strict=True)]
    return pl.Series("label", sets, pl.String)
