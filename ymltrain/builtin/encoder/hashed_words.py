"""Encoder `hashed_words`: a text as the ids of its words, by a hash, without a vocabulary.

Written rules: words are runs of letters, digits and underscores, in small letters; the first `length` of a text count. Id 0
fills up what a text has fewer; a word's id is that of the encoder `hashing`. It needs no training, so words that were never
seen have ids like all others, and words may share one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ymltrain.api import ColumnType, FeatureShape, Params, plugin
from ymltrain.builtin.encoder.hashing import Buckets, hash_bucket
from ymltrain.builtin.encoder.text_words import Length, fill_rows, words_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class HashedWordsParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: hashed_words`."""

    buckets: Buckets = 10_000
    length: Length = 64


@plugin("encoder", "hashed_words", params=HashedWordsParams)
class HashedWordsEncoder:
    """Learns nothing."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("text",)

    def __init__(self, params: HashedWordsParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> HashedWordsFit:  # noqa: ARG002  words have no order
        return HashedWordsFit(FittedHashedWords(name, self._params.buckets, self._params.length))

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedHashedWords:
        return FittedHashedWords(name, state["buckets"], state["length"])


class HashedWordsFit:
    """There is nothing to learn."""

    def __init__(self, fitted: FittedHashedWords) -> None:
        self._fitted = fitted

    def update(self, column: pl.Series) -> None:
        pass

    def finish(self) -> FittedHashedWords:
        return self._fitted


@dataclass(frozen=True)
class FittedHashedWords:
    """int32 `[n, length]` ids of words."""

    name: str
    buckets: int
    length: int

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="tokens", width=self.length, cardinality=self.buckets + 1)

    @property
    def state(self) -> dict[str, Any]:
        return {"buckets": self.buckets, "length": self.length}

    def encode(self, column: pl.Series) -> npt.NDArray[np.int32]:
        return fill_rows(words_of(column, self.length), self.length, self._ids)

    def _ids(self, words: pl.Series) -> pl.Series:
        import polars as pl

        distinct = words.unique()
        ids = pl.Series([hash_bucket(word, self.buckets) for word in distinct.to_list()], dtype=pl.Int32)
        return words.replace_strict(distinct, ids, return_dtype=pl.Int32)
