"""A pass over the table: which values do not fit the type that a column seems to have, and rows drawn evenly.

The columns' types are first taken from the beginning of the table; the pass then looks at every row up to a limit, so that
what stands far down is seen. It keeps at most `KEPT_CELLS` values: of a larger table an even draw of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.blocks import BLOCK_ROWS, read_blocks
from ymltrain.diagnostics import DataError
from ymltrain.drafting.notation import NULLS_OF_NUMBERS
from ymltrain.kinds.contracts import Datasource
from ymltrain.kinds.number_text import LEADING_ZERO, NumberNotation
from ymltrain.kinds.row_hash import hash_rows
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.shapes import Reading

KEPT_CELLS = 8_000_000
ODD_VALUES = 200
SEED = 71_993


@dataclass
class OddValues:
    """What stands in a column and does not fit its type: the texts with their counts, and what reading said."""

    counts: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    problem: str = ""
    has_codes: bool = False


@dataclass(frozen=True)
class Survey:
    """Rows of the table as they were read, in its order; how many were looked at, and whether they are all there are."""

    rows: pl.DataFrame
    looked_at: int
    is_all: bool
    odd: Mapping[str, OddValues]

    def column(self, name: str) -> pl.Series:
        """A column under a neutral name: polars takes some names (`*`, `^a$`) for patterns."""
        return self.rows.get_column(name).alias("values")


def survey_table(
    source: Datasource, read_as: Mapping[str, Reading], expected: Mapping[str, Reading], notation: NumberNotation, limit: int
) -> Survey:
    """Look at the first `limit` rows. `read_as` is what the source is asked for, `expected` the types that columns seem to have.

    Raises DataError where the source cannot read the table.
    """
    odd = {name: OddValues() for name in expected}
    drawn = _Draw(max(1_000, KEPT_CELLS // max(1, len(read_as))))
    looked_at, is_all = 0, True
    for first_row, whole in read_blocks(source, read_as, BLOCK_ROWS):
        if looked_at >= limit:
            is_all = False
            break
        block = whole.head(limit - first_row)
        is_all = block.height == whole.height
        for name, reading in expected.items():
            column = block.get_column(name).alias("values")
            if reading.type == "number" and column.dtype == pl.String:
                _look_at_numbers(column, notation, odd[name])
            elif reading.type in ("boolean", "timestamp", "vector"):
                _look_at_values(column, name, reading, odd[name])
        drawn.update(first_row, block)
        looked_at += block.height
    return Survey(drawn.finish(), looked_at, is_all, odd)


def _look_at_numbers(text: pl.Series, notation: NumberNotation, odd: OddValues) -> None:
    present = text.drop_nulls()
    odd.has_codes = odd.has_codes or bool(present.str.contains(LEADING_ZERO).any())
    wrong = present.filter(notation.read(present).is_null())
    if wrong.len():
        _count(wrong, odd)


def _look_at_values(column: pl.Series, name: str, reading: Reading, odd: OddValues) -> None:
    text = column
    if column.dtype == pl.String:
        text = column.set(column.str.strip_chars().is_in(list(NULLS_OF_NUMBERS)), None)
        _count(column.filter(text.is_null() & column.is_not_null()), odd)
    try:
        read = read_column(text, name, reading)
    except DataError as error:
        odd.problem = odd.problem or error.message
    else:
        odd.problem = odd.problem or ("" if read is not None else f"it holds {column.dtype}")


def _count(values: pl.Series, odd: OddValues) -> None:
    odd.rows += values.len()
    if values.len() and len(odd.counts) < ODD_VALUES:
        odd.counts.update(dict(values.value_counts().iter_rows()))


class _Draw:
    """At most so many rows, those with the smallest hashes of their numbers, in the table's order."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._below = np.uint64(2**64 - 1)
        self._frames: list[tuple[npt.NDArray[np.uint64], pl.DataFrame]] = []

    def update(self, first_row: int, block: pl.DataFrame) -> None:
        hashes = hash_rows(SEED, first_row, block.height)
        self._keep(hashes, block)
        while sum(len(kept) for kept, _ in self._frames) > self._most:
            self._below = self._below // np.uint64(2)
            frames, self._frames = self._frames, []
            for kept, frame in frames:
                self._keep(kept, frame)

    def _keep(self, hashes: npt.NDArray[np.uint64], frame: pl.DataFrame) -> None:
        is_kept = hashes <= self._below
        if is_kept.all():
            self._frames.append((hashes, frame))
        elif is_kept.any():
            self._frames.append((hashes[is_kept], frame.filter(pl.Series(is_kept))))

    def finish(self) -> pl.DataFrame:
        return pl.concat([frame for _, frame in self._frames]) if self._frames else pl.DataFrame()
