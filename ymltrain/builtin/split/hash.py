"""Split `hash`: a row falls by what it holds, so it stays where it is when the table is sorted, cut or extended.

Written rules: the recipe's `keys` decide, and rows with equal keys fall together; without `keys` the whole row decides,
every column of it, so that a changed value or a new column moves rows. The seed salts the hash: another seed gives
another split. The hash is the same on every machine and with every version of the libraries.

A value's hash is 64 bits: of a number, be it typed or text in decimal notation, m(the bits of its float64); of other
text the 8-byte BLAKE2b, read as little-endian; of null and NaN 0. Here m is the step of splitmix64. From s = seed on,
each column in turn makes s = m(m(s) xor the value's hash), and m(s) is the row's. So 4, 4.0 and "4" are one value, and a
CSV file and a Parquet file of the same rows are split alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from ymltrain.api import ColumnRoles, mix64, plugin
from ymltrain.builtin.split.fractions import FractionParams, cut

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

DECIMAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


@plugin("split", "hash", params=FractionParams)
class HashSplit:
    """Hashes the keys, or the whole row."""

    def __init__(self, params: FractionParams) -> None:
        self.fractions = params.fractions

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:
        return roles.keys or tuple(available)

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:  # noqa: ARG002  where a row stands does not matter
        import numpy as np

        state = np.full(rows.height, seed, np.uint64)
        for column in rows.iter_columns():
            state = mix64(mix64(state) ^ hash_values(column.alias("values")))  # polars takes some names for patterns
        return cut(mix64(state), self.fractions)


def hash_values(column: pl.Series) -> npt.NDArray[np.uint64]:
    """`[n]` 64-bit hashes of a column's values."""
    import polars as pl

    if column.dtype.is_numeric():
        return _hash_numbers(column.cast(pl.Float64))
    is_list = isinstance(column.dtype, pl.List)
    texts = column.cast(pl.List(pl.String)).list.join(",") if is_list else column.cast(pl.String)
    distinct = texts.drop_nulls().unique()
    hashes = pl.Series(_hash_texts(distinct), dtype=pl.UInt64)
    return texts.replace_strict(distinct, hashes, default=0, return_dtype=pl.UInt64).to_numpy()


def _hash_texts(texts: pl.Series) -> npt.NDArray[np.uint64]:
    import numpy as np
    import polars as pl

    is_number = texts.str.contains(DECIMAL)
    hashes = _hash_numbers(texts.set(~is_number, None).cast(pl.Float64))
    digests = b"".join([blake2b(text.encode(), digest_size=8).digest() for text in texts.filter(~is_number).to_list()])
    hashes[~is_number.to_numpy()] = np.frombuffer(digests, "<u8")
    return hashes


def _hash_numbers(numbers: pl.Series) -> npt.NDArray[np.uint64]:
    import numpy as np

    values = numbers.to_numpy() + 0.0  # makes -0.0 and 0.0 one value
    hashes = mix64(values.view(np.uint64))
    hashes[np.isnan(values)] = 0
    return hashes
