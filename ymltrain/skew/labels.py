"""Labels that come later: joined to the log's records by request id."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ymltrain.diagnostics import DataError
from ymltrain.skew.log import RawBatch
from ymltrain.skew.records import as_series

ID = "request_id"


def join_labels(batches: Iterator[RawBatch], table: pl.DataFrame) -> Iterator[RawBatch]:
    """Records with the label that a table of `request_id` and `label` has for them; their own where it has none."""
    if "label" not in table.columns:
        raise DataError("YT988", "the table of labels has no column label", "it needs request_id and label")
    labels = table.select(ID, "label")
    for raw in batches:
        ids = raw.fields.get(ID)
        if ids is not None:
            keys = pl.DataFrame({ID: as_series(ids).cast(pl.String)})
            joined = keys.join(labels, on=ID, how="left", maintain_order="left").get_column("label")
            own = raw.fields.get("label")
            raw.fields["label"] = joined if own is None else _first_of(joined, as_series(own))
        yield raw


def _first_of(joined: pl.Series, own: pl.Series) -> pl.Series:
    if joined.dtype != own.dtype:
        joined, own = joined.cast(pl.String), own.cast(pl.String)
    return joined.zip_with(joined.is_not_null(), own)
