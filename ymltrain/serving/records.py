"""Predictions as records of a serving log: raw inputs, encoded features as they were served, the prediction, the stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.serving.stamp import Stamp

PROBABILITY = "probability_"


@dataclass(frozen=True)
class Served:
    """A batch that was predicted: rows as they came, encoded arrays, predictions as the predictor gives them."""

    rows: Sequence[Mapping[str, Any]]
    encoded: Mapping[str, npt.NDArray[Any]]
    predictions: pl.DataFrame
    request_ids: Sequence[str]
    served_at: Sequence[str | None]


def make_records(predictor: Predictor, stamp: Stamp, served: Served) -> list[dict[str, Any]]:
    """One record for each row."""
    names, columns = [], []
    for name, values in predictor.feature_values(served.encoded):
        names.append(name)
        columns.append(values.tolist())
    versions = msgspec.to_builtins(stamp.versions)
    predictions = served.predictions.get_column("prediction").to_list()
    chances = _probabilities(served.predictions)
    defaults = predictor.defaults
    records = []
    for position, features in enumerate(zip(*columns, strict=True)):
        record = {
            "request_id": served.request_ids[position],
            "served_at": served.served_at[position],
            "bundle": stamp.bundle,
            "inputs": served.rows[position],
            "features": dict(zip(names, features, strict=True)),
            "prediction": predictions[position],
            "versions": versions,
        }
        if defaults.values and (filled := defaults.columns_of(served.rows[position])):
            record["defaulted"] = filled
        if chances is not None:
            record["probabilities"] = chances[position]
        records.append(record)
    return records


def _probabilities(predictions: pl.DataFrame) -> list[dict[str, float]] | None:
    names = [name for name in predictions.columns if name.startswith(PROBABILITY)]
    if not names:
        return None
    renamed = predictions.select(names).rename({name: name.removeprefix(PROBABILITY) for name in names})
    return renamed.to_dicts()
