"""The rows of a source in blocks of one fixed size, so that how a source cuts its batches changes no result."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ymltrain.data.reading import Readings, read_rows, source_columns
from ymltrain.kinds.contracts import Datasource

BLOCK_ROWS = 32_768


def read_blocks(source: Datasource, columns: Readings, size: int = BLOCK_ROWS) -> Iterator[tuple[int, pl.DataFrame]]:
    """All rows in order: the number of a block's first row (from 0), and its `size` rows (the last block may have fewer)."""
    first_row = 0
    waiting: list[pl.DataFrame] = []
    for batch in source.batches(source_columns(columns)):
        waiting.append(read_rows(batch, columns))
        if sum(frame.height for frame in waiting) < size:
            continue
        rows = pl.concat(waiting)
        whole = rows.height - rows.height % size
        for start in range(0, whole, size):
            yield first_row + start, rows.slice(start, size)
        first_row += whole
        waiting = [rows.slice(whole)]
    rest = pl.concat(waiting) if waiting else pl.DataFrame()
    if rest.height:
        yield first_row, rest
