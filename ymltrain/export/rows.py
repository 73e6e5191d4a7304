"""The rows an export is held against: the bundle's golden ones, or where it keeps none, rows made of its contract alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ymltrain.bundle.contract import FeatureContract
from ymltrain.bundle.edges import edge_rows
from ymltrain.bundle.golden import kinds_of, read_golden
from ymltrain.bundle.predictor import AnyPredictor, Predictor
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.export.texts import made_texts

MADE_ROWS = 64
SEED = 20_240_229


def rows_to_replay(folder: Path, predictor: AnyPredictor) -> tuple[pl.DataFrame, list[str]]:
    """Rows as `Predictor.read` gives them, and the kind of each. Raises BundleError (YT926) where golden rows were changed."""
    golden = read_golden(folder, predictor.contract)
    if golden is not None:
        return golden["inputs"].struct.unnest(), kinds_of(golden).to_list()
    if isinstance(predictor, TextPredictor):
        texts = made_texts(predictor)
        return texts, ["made"] * texts.height
    made = made_rows(predictor)
    edges, kinds = edge_rows(made, {feature.column: feature.type for feature in predictor.features})
    return pl.concat([made, edges]), ["made"] * made.height + list(kinds)


def made_rows(predictor: Predictor) -> pl.DataFrame:
    """Rows of random values of each column's type; categories and words are those that the encoders know."""
    draw = np.random.default_rng(SEED)
    columns = {feature.column: _values(feature, predictor, draw) for feature in predictor.contract.features}
    return predictor.read(pl.DataFrame(columns))


def _values(feature: FeatureContract, predictor: Predictor, draw: np.random.Generator) -> list[Any]:
    match feature.type:
        case "number":
            return _numbers(draw, MADE_ROWS)
        case "vector":
            encoder = predictor.encoders[feature.column]
            formula = getattr(encoder, "formula", None)
            length = encoder.shape.width if formula is None else formula.columns
            return [_numbers(draw, length) for _ in range(MADE_ROWS)]
        case "boolean":
            return [bool(value) for value in draw.integers(0, 2, MADE_ROWS)]
        case "timestamp":
            start = datetime(1990, 1, 1, tzinfo=UTC)
            return [start + timedelta(seconds=int(value)) for value in draw.integers(0, 1_400_000_000, MADE_ROWS)]
        case "category":
            return _drawn(feature.state.get("values"), draw)
    known = _drawn(feature.state.get("words"), draw)
    return [" ".join(known[: number % 7]) for number in range(MADE_ROWS)]


def _numbers(draw: np.random.Generator, count: int) -> list[float]:
    values: list[float] = (draw.normal(size=count) * 10.0 ** draw.integers(-3, 6, count)).tolist()
    return values


def _drawn(known: object, draw: np.random.Generator) -> list[str]:
    texts = [str(value) for value in known] if isinstance(known, list) and known else [f"value {number}" for number in range(50)]
    return [texts[place] for place in draw.integers(0, len(texts), MADE_ROWS)]
