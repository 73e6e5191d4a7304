"""Encoder `hashing`: categories of any number share a fixed number of ids, by a hash of their text.

Written rules: a value's id is 1 more than its 8-byte BLAKE2b, read as little-endian, modulo `buckets`; it needs no
training, so a value that was never seen has an id like all others. A missing value has the last id. Values that share an
id cannot be told apart: with n values in b buckets, a value has one to itself with a chance of about exp(-n/b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, Params, plugin

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Buckets = Annotated[int, Meta(ge=2, le=10_000_000, description="How many ids the values share.")]


class HashingParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: hashing`."""

    buckets: Buckets = 10_000


@plugin("encoder", "hashing", params=HashingParams)
class HashingEncoder:
    """Learns nothing."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("category",)

    def __init__(self, params: HashingParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> HashingFit:  # noqa: ARG002  a hash has no order
        return HashingFit(FittedHashing(name, self._params.buckets))

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedHashing:
        return FittedHashing(name, state["buckets"])


class HashingFit:
    """There is nothing to learn."""

    def __init__(self, fitted: FittedHashing) -> None:
        self._fitted = fitted

    def update(self, column: pl.Series) -> None:
        pass

    def finish(self) -> FittedHashing:
        return self._fitted


@dataclass(frozen=True)
class FittedHashing:
    """One int32 id a row."""

    name: str
    buckets: int

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="category", cardinality=self.buckets + 2)

    @property
    def state(self) -> dict[str, Any]:
        return {"buckets": self.buckets}

    def encode(self, column: pl.Series) -> npt.NDArray[np.int32]:
        import polars as pl

        distinct = column.drop_nulls().unique()
        ids = pl.Series([hash_bucket(value, self.buckets) for value in distinct.to_list()], dtype=pl.Int32)
        encoded = column.replace_strict(distinct, ids, default=self.buckets + 1, return_dtype=pl.Int32)
        return encoded.fill_null(self.buckets + 1).to_numpy(writable=True)


def hash_bucket(value: str, buckets: int) -> int:
    """The id of a text, from 1 to `buckets`."""
    digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "little") % buckets
