"""The rows of a source in blocks of one fixed size, so that how a source cuts its batches changes no result."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from ymltrain.data.reading import Readings, read_rows, source_columns
from ymltrain.kinds.contracts import Datasource

BLOCK_ROWS = 32_768


def read_blocks(source: Datasource, columns: Readings, size: int = BLOCK_ROWS) -> Iterator[tuple[int, pl.DataFrame]]:
    """All rows in order: the number of a block's first row (from 0), and its `size` rows (the last block may have fewer).

    While a block is worked on, the source reads its next batch in a thread of its own.
    """
    first_row = 0
    waiting: list[pl.DataFrame] = []
    for batch in _read_ahead(read_rows(batch, columns) for batch in source.batches(source_columns(columns))):
        waiting.append(batch)
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


def _read_ahead(frames: Generator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same frames, each made while the one before is worked on; all in one thread, as some sources ask for."""
    with ThreadPoolExecutor(1, "reading") as thread:
        try:
            coming = thread.submit(next, frames, None)
            while (frame := coming.result()) is not None:
                coming = thread.submit(next, frames, None)
                yield frame
        finally:
            thread.submit(frames.close)
