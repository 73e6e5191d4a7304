"""Split `hash`: a row falls by what it holds, so it stays where it is when the table is sorted, cut or extended.

Written rules: the recipe's `keys` decide, and rows with equal keys fall together; without `keys` the whole row decides,
every column of it, so that a changed value or a new column moves rows. The seed salts the hash: another seed gives
another split. The hash is the same on every machine and with every version of the libraries.

It is BLAKE2b (8 bytes long, salted with the seed as 8 little-endian bytes) of the row's values in the order of the
columns, joined by the byte 31. A number, be it typed or text in decimal notation, is `n` and the bits of its float64 as
a signed decimal integer; other text is `t` and the text; null and NaN are nothing. So 4, 4.0 and "4" are one value, and a CSV
file and a Parquet file of the same rows are split alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from ymltrain.api import plugin
from ymltrain.builtin.split.fractions import FractionParams, cut

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

SEPARATOR = "\x1f"
DECIMAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@plugin("split", "hash", params=FractionParams)
class HashSplit:
    """Hashes the keys, or the whole row."""

    def __init__(self, params: FractionParams) -> None:
        self.fractions = params.fractions

    def columns(self, keys: Sequence[str], available: Sequence[str]) -> Sequence[str]:
        return tuple(keys or available)

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:  # noqa: ARG002  where a row stands does not matter
        import numpy as np

        salt = seed.to_bytes(8, "little")
        digests = b"".join([blake2b(row.encode(), digest_size=8, salt=salt).digest() for row in _canonical_rows(rows)])
        return cut(np.frombuffer(digests, dtype="<u8").astype(np.uint64), self.fractions)


def _canonical_rows(rows: pl.DataFrame) -> list[str]:
    import polars as pl

    texts = pl.DataFrame({str(position): _canonical(column) for position, column in enumerate(rows.iter_columns())})
    return texts.select(pl.concat_str(pl.all(), separator=SEPARATOR)).to_series().to_list()


def _canonical(column: pl.Series) -> pl.Series:
    import polars as pl

    column = column.alias("values")  # polars takes some names (`*`, `^a$`) for patterns
    if column.dtype.is_numeric():
        return _number_text(column.cast(pl.Float64)).fill_null("")
    text = column.cast(pl.String)
    numbers = text.set(~text.str.contains(DECIMAL), None).cast(pl.Float64)
    return pl.select(pl.coalesce(_number_text(numbers), "t" + text, pl.lit(""))).to_series()


def _number_text(numbers: pl.Series) -> pl.Series:
    import numpy as np
    import polars as pl

    values = numbers.to_numpy() + 0.0  # makes -0.0 and 0.0 one value
    bits = pl.Series(values.view(np.int64)).cast(pl.String)
    return ("n" + bits).set(pl.Series(np.isnan(values)), None)
