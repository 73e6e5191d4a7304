"""Golden rows: raw rows kept with what the trained model makes of them, to be replayed wherever the bundle goes.

Those drawn from the table are `normal`; to them come rows at the edges of what a model may be given.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.contract import GOLDEN_FILE, Contract
from ymltrain.bundle.edges import edge_rows
from ymltrain.bundle.predictor import AnyPredictor, Predictor
from ymltrain.diagnostics import BundleError
from ymltrain.storage.digests import file_digest

RELATIVE_TOLERANCE = 1e-5
ABSOLUTE_TOLERANCE = 1e-6
EXTREME_TOLERANCE = 1e-3
"""Relative, for extreme rows: sums of huge numbers cancel, and machines add in different orders."""


def golden_rows(drawn: pl.DataFrame, predictor: AnyPredictor) -> pl.DataFrame:
    """The golden table of rows drawn from the data, with the edge rows made from them: see `golden_table`, and their `kind`."""
    if not isinstance(predictor, Predictor):  # the edges are those of columns
        return golden_table(drawn, predictor).with_columns(pl.lit("normal").alias("kind"))
    edges, kinds = edge_rows(drawn, {feature.column: feature.type for feature in predictor.features})
    table = golden_table(pl.concat([drawn, edges]), predictor)
    return table.with_columns(pl.Series("kind", ["normal"] * drawn.height + kinds, pl.String))


def kinds_of(golden: pl.DataFrame) -> pl.Series:
    """The kind of each golden row; bundles of early versions have normal rows only."""
    return golden["kind"] if "kind" in golden.columns else pl.Series("kind", ["normal"] * golden.height, pl.String)


def read_golden(folder: Path, contract: Contract) -> pl.DataFrame | None:
    """The golden table of a bundle; None when it has none. Raises BundleError (YT926) unless it is that of the contract."""
    path = folder / GOLDEN_FILE
    if contract.digests.golden is None:
        return None
    if not path.is_file() or file_digest(path) != contract.digests.golden:
        raise BundleError("YT926", f"{path} is missing or was changed", "take the bundle from its run or registry again")
    return pl.read_parquet(path)


def golden_table(rows: pl.DataFrame, predictor: AnyPredictor) -> pl.DataFrame:
    """Raw rows beside their encoded features and predictions: struct columns `inputs`, `features` and `prediction`."""
    features, predictions = predictor.golden(rows)
    return pl.DataFrame(
        [rows.to_struct("inputs"), features.to_struct("features"), predictions.to_struct("prediction")],
    )


def replay_golden(folder: Path, predictor: AnyPredictor) -> int:
    """Put a bundle's golden rows through its predictor again; returns how many there are.

    Encoded features and labels must be equal, numbers equal within float tolerance. Raises BundleError naming what
    differs first.
    """
    golden = read_golden(folder, predictor.contract)
    if golden is None:
        return 0
    replayed = golden_table(golden["inputs"].struct.unnest(), predictor)
    tolerance = np.where(kinds_of(golden) == "extreme", EXTREME_TOLERANCE, RELATIVE_TOLERANCE)
    for part in ("features", "prediction"):
        was, now = golden[part].struct.unnest(), replayed[part].struct.unnest()
        for column in was.columns:
            row = _first_difference(was[column], now[column], None if part == "features" else tolerance)
            if row is not None:
                message = f"golden row {row + 1}: {part} {column} is {now[column][row]}, training made {was[column][row]}"
                raise BundleError("YT927", message, "the bundle does not serve what was trained; do not use it")
    return golden.height


def _first_difference(was: pl.Series, now: pl.Series, tolerance: npt.NDArray[np.float64] | None) -> int | None:
    """The first row that differs: at all without a tolerance, or where it is no float; else by more than that, relatively."""
    was, now = was.alias("values"), now.alias("values")  # polars takes some names (`^a$`) for patterns
    if tolerance is None or not was.dtype.is_float():
        differs = (was.ne_missing(now)).to_numpy()
    else:
        differs = ~np.isclose(now.to_numpy(), was.to_numpy(), rtol=tolerance, atol=ABSOLUTE_TOLERANCE, equal_nan=True)
    return int(differs.argmax()) if differs.any() else None
