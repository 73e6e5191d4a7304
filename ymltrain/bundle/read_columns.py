"""The input columns of a table that someone brings to a bundle."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from ymltrain.data.reading import read_rows
from ymltrain.diagnostics import BundleError, did_you_mean
from ymltrain.kinds.contracts import ArrowStream
from ymltrain.plan.shapes import Reading


def read_columns(table: ArrowStream, columns: Mapping[str, Reading], name: str) -> pl.DataFrame:
    """The columns that the bundle of this name takes, by the rules that training read them with. Raises BundleError, DataError."""
    frame = table if isinstance(table, pl.DataFrame) else pl.DataFrame(table)
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        message = f"the data lack the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}, which {name} takes"
        raise BundleError("YT923", message, did_you_mean(missing[0], frame.columns))
    return read_rows(frame, columns)
