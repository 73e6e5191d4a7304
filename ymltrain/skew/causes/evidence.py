"""What a cause is named from, and what naming it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.skew.records import Floats, Mask

CONVINCED = 0.95
"""The share of affected rows that a hypothesis must explain to be believed."""

SLACK = 4.0
"""A hypothesis may miss by so many tolerances: its parameters are estimated."""


@dataclass(frozen=True)
class Tolerance:
    """Two numbers are equal when they differ by at most `atol + rtol * |expected|`."""

    atol: float
    rtol: float

    def equal(self, served: Floats, expected: Floats, slack: float = 1.0) -> Mask:
        """Elementwise; NaN equals NaN."""
        near = np.abs(served - expected) <= slack * (self.atol + self.rtol * np.abs(expected))
        equal: Mask = near | (np.isnan(served) & np.isnan(expected)) | (served == expected)
        return equal


@dataclass(frozen=True)
class Cause:
    """A named cause. `explained` is the share of the affected rows that follow it."""

    name: str
    words: str
    explained: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guess:
    """A hypothesis and what it predicts for the affected rows; the simplest of equally good ones wins, lower is simpler."""

    name: str
    words: str
    predicted: Floats
    simplicity: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs: int = 1


@dataclass(frozen=True)
class Difference:
    """A feature's rows that were replayed: raw value, expected and served encoding, and which rows differ.

    `raw` is as encoders take it; `encode_whole` puts any such column through the feature's encoder, `encode` gives the first
    number of it. `siblings` are the other features' raw columns and expected encodings.
    """

    feature: str
    raw: pl.Series
    expected: Floats
    served: Floats
    differs: Mask
    tolerance: Tolerance
    encode_whole: Callable[[pl.Series], npt.NDArray[Any]]
    siblings: Mapping[str, tuple[pl.Series, Floats]]
    order: Sequence[int] = ()

    def encode(self, column: pl.Series) -> npt.NDArray[Any]:
        """The first number of the encoding of any such column, `[n]`."""
        whole = self.encode_whole(column)
        return whole if whole.ndim == 1 else whole[:, 0]

    @property
    def affected(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.differs)


def choose(guesses: Iterator[Guess], served: Floats, tolerance: Tolerance) -> Cause | None:
    """The guess that explains most rows; of those within two in a hundred of it, the simplest."""
    scored: list[tuple[float, Guess]] = []
    rows = served.shape[0]
    for guess in guesses:
        if rows < guess.needs or guess.predicted.shape != served.shape:
            continue
        equal = tolerance.equal(guess.predicted, served, SLACK)
        scored.append((float(equal.reshape(rows, -1).all(axis=1).mean()), guess))
    if not scored:
        return None
    best = max(share for share, _ in scored)
    if best < CONVINCED:
        return None
    close = sorted((guess.simplicity, -share, position) for position, (share, guess) in enumerate(scored) if share >= best - 0.02)
    share, chosen = scored[close[0][2]]
    others = dict.fromkeys(scored[position][1].name for _, _, position in close[1:])
    return Cause(chosen.name, chosen.words, share, chosen.parameters, tuple(name for name in others if name != chosen.name))
