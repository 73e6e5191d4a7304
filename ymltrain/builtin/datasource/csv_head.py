"""The beginning of a CSV file: the types its columns seem to have, and how many rows it has in all."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ymltrain.api import Sample
from ymltrain.builtin.datasource.csv_numbers import typed_sample
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.csv_text import read_text

INFERENCE_ROWS = 10_000
COUNTED_BYTES = 4 << 20


def read_head(dialect: Dialect, rows: int, counted_bytes: int = COUNTED_BYTES) -> Sample:
    """The first rows, typed by what the first 10,000 rows (or as many as asked for) hold.

    The number of all rows is counted when the file ends within what is read for that, at least `counted_bytes`;
    otherwise it is estimated from the file's size.
    """
    frames: list[pl.DataFrame] = []
    read_rows = read_bytes = 0
    is_exact = True
    for item in read_text(dialect):
        if read_rows >= max(rows, INFERENCE_ROWS) and read_bytes >= counted_bytes:
            is_exact = not item.block.content
            break
        frames.append(item.frame)
        read_rows += item.frame.height
        read_bytes += len(item.block.content)
    head = typed_sample(pl.concat(frames).head(max(rows, INFERENCE_ROWS)), dialect)
    total = read_rows if is_exact else round(Path(dialect.path).stat().st_size * read_rows / read_bytes)
    return Sample(table=head.head(rows), total_rows=total, is_exact=is_exact)
