"""Golden rows: raw rows kept with what the trained model makes of them, to be replayed wherever the bundle goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ymltrain.bundle.contract import GOLDEN_FILE
from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import BundleError
from ymltrain.storage.digests import file_digest

RELATIVE_TOLERANCE = 1e-5
ABSOLUTE_TOLERANCE = 1e-6


def golden_table(rows: pl.DataFrame, predictor: Predictor) -> pl.DataFrame:
    """Raw rows beside their encoded features and predictions: struct columns `inputs`, `features` and `prediction`."""
    encoded = predictor.encode(rows)
    features = pl.DataFrame([pl.Series(name, values) for name, values in predictor.feature_values(encoded)])
    predictions = predictor.decode(predictor.outputs(encoded))
    return pl.DataFrame(
        [rows.to_struct("inputs"), features.to_struct("features"), predictions.to_struct("prediction")],
    )


def replay_golden(folder: Path, predictor: Predictor) -> int:
    """Put a bundle's golden rows through its predictor again; returns how many there are.

    Encoded features and labels must be equal, numbers equal within float tolerance. Raises BundleError naming what
    differs first.
    """
    path = folder / GOLDEN_FILE
    expected_digest = predictor.contract.digests.golden
    if expected_digest is None:
        return 0
    if not path.is_file() or file_digest(path) != expected_digest:
        raise BundleError("YT926", f"{path} is missing or was changed", "take the bundle from its run or registry again")
    golden = pl.read_parquet(path)
    replayed = golden_table(golden["inputs"].struct.unnest(), predictor)
    for part in ("features", "prediction"):
        was, now = golden[part].struct.unnest(), replayed[part].struct.unnest()
        for column in was.columns:
            row = _first_difference(was[column], now[column], is_exact=part == "features")
            if row is not None:
                message = f"golden row {row + 1}: {part} {column} is {now[column][row]}, training made {was[column][row]}"
                raise BundleError("YT927", message, "the bundle does not serve what was trained; do not use it")
    return golden.height


def _first_difference(was: pl.Series, now: pl.Series, *, is_exact: bool) -> int | None:
    was, now = was.alias("values"), now.alias("values")  # polars takes some names (`^a$`) for patterns
    if is_exact or not was.dtype.is_float():
        differs = (was.ne_missing(now)).to_numpy()
    else:
        differs = ~np.isclose(now.to_numpy(), was.to_numpy(), rtol=RELATIVE_TOLERANCE, atol=ABSOLUTE_TOLERANCE, equal_nan=True)
    return int(differs.argmax()) if differs.any() else None
