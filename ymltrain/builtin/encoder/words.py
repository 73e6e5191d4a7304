"""Encoder `words`: a text as the ids of its words, those of the train split's most frequent ones.

Written rules: words are runs of letters, digits and underscores, in small letters; the first `length` of a text count. Id 0
fills up what a text has fewer, id 1 is any word without an id of its own, then come the `max_size` words that occur in most
train texts, in at least `min_count` of them, the most frequent first (of equally frequent ones the first by code point).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, Params, plugin
from ymltrain.builtin.encoder.text_words import Length, fill_rows, words_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

FIRST_WORD = 2


class WordsParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: words`."""

    max_size: Annotated[int, Meta(ge=1, description="How many words have an id of their own at most.")] = 10_000
    min_count: Annotated[int, Meta(ge=1, description="Train texts that a word needs for an id of its own.")] = 2
    length: Length = 64


@plugin("encoder", "words", params=WordsParams)
class WordsEncoder:
    """Learns which words there are."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("text",)

    def __init__(self, params: WordsParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> WordsFit:  # noqa: ARG002  words have no order
        return WordsFit(name, self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedWords:
        return FittedWords(name, tuple(state["words"]), state["length"])


class WordsFit:
    """Counts in how many texts each word occurs."""

    def __init__(self, name: str, params: WordsParams) -> None:
        self._name = name
        self._params = params
        self._counts: Counter[str] = Counter()

    def update(self, column: pl.Series) -> None:
        words = words_of(column, self._params.length).list.unique()
        counted = words.filter(words.list.len() > 0).explode().value_counts()
        self._counts.update(dict(zip(counted.to_series(0).to_list(), counted.to_series(1).to_list(), strict=True)))

    def finish(self) -> FittedWords:
        frequent = [word for word, count in self._counts.items() if count >= self._params.min_count]
        frequent.sort(key=lambda word: (-self._counts[word], word))
        return FittedWords(self._name, tuple(frequent[: self._params.max_size]), self._params.length)


@dataclass(frozen=True)
class FittedWords:
    """int32 `[n, length]` ids of words."""

    name: str
    words: tuple[str, ...]
    length: int

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="tokens", width=self.length, cardinality=FIRST_WORD + len(self.words))

    @property
    def state(self) -> dict[str, Any]:
        return {"words": list(self.words), "length": self.length}

    def encode(self, column: pl.Series) -> npt.NDArray[np.int32]:
        return fill_rows(words_of(column, self.length), self.length, self._ids)

    def _ids(self, words: pl.Series) -> pl.Series:
        import polars as pl

        positions = words.cast(self._known, strict=False).to_physical().cast(pl.Int32)
        return (positions + FIRST_WORD).fill_null(FIRST_WORD - 1)

    @cached_property
    def _known(self) -> pl.Enum:
        import polars as pl

        return pl.Enum(self.words)
