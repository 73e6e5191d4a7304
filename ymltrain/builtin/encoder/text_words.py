"""Texts as words: how they are cut, and how rows of ids are filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Length = Annotated[int, Meta(ge=1, le=100_000, description="How many words of a text are kept, from its beginning.")]


def words_of(column: pl.Series, length: int) -> pl.Series:
    """The first words of each text, in small letters: runs of letters, digits and underscores; none of a missing text."""
    return column.fill_null("").str.to_lowercase().str.extract_all(r"\w+").list.head(length)


def fill_rows(words: pl.Series, length: int, ids_of: Callable[[pl.Series], pl.Series]) -> npt.NDArray[np.int32]:
    """int32 `[n, length]`: the ids of each row's words, then zeros. `ids_of` maps a column of words to their ids."""
    import numpy as np

    filled = np.zeros((words.len(), length), np.int32)
    counts = words.list.len().to_numpy().astype(np.int64)
    total = int(counts.sum())
    if total:
        ids = ids_of(words.filter(words.list.len() > 0).explode())
        rows = np.repeat(np.arange(len(counts)), counts)
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        filled[rows, np.arange(total) - starts] = ids.to_numpy()
    return filled
