"""The beginning of a table of text: the types its columns seem to have, and how many rows it has in all."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ymltrain.api import Sample
from ymltrain.builtin.datasource.csv_numbers import typed_sample
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.csv_text import read_text
from ymltrain.builtin.datasource.location import DataFile

INFERENCE_ROWS = 10_000
COUNTED_BYTES = 4 << 20
HEAD_BLOCK_BYTES = 1 << 20


def read_head(files: Sequence[DataFile], dialect: Dialect, rows: int, counted_bytes: int = COUNTED_BYTES) -> Sample:
    """The first rows, typed by what the first 10,000 rows (or as many as asked for) hold.

    The number of all rows is counted when the files end within what is read for that, at least `counted_bytes`;
    otherwise it is estimated from their sizes (where a size is not known, all rows are counted).
    """
    wanted = max(rows, INFERENCE_ROWS)
    sizes = [file.size for file in files]
    frames: list[pl.DataFrame] = []
    read_rows = read_bytes = stored = 0
    is_exact = True
    for item in read_text(files, dialect, HEAD_BLOCK_BYTES):
        if read_rows >= wanted and read_bytes >= counted_bytes and None not in sizes:
            is_exact = not item.block.content and item.dialect.path == files[-1].name
            break
        if read_rows < wanted:
            frames.append(
                item.frame.select(pl.nth(*(item.frame.columns.index(name) for name in frames[0].columns))) if frames else item.frame
            )
        read_rows += item.frame.height
        read_bytes += len(item.block.content)
        stored = item.stored
    head = typed_sample(pl.concat(frames).head(wanted), dialect)
    total = read_rows if is_exact else round(sum(size or 0 for size in sizes) * read_rows / stored)
    return Sample(table=head.head(rows), total_rows=total, is_exact=is_exact)
