"""What a language model has to beat: counts of tokens and of pairs of tokens, and a compressor, all given the train texts only.

Counts are smoothed by Witten and Bell's rule (1991), which has nothing to tune: what follows a token is expected as often as it
followed it, and in the share of times that it was followed by something new, as often as it occurs at all.
"""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ymltrain.data.encoding import EncodedSplit
from ymltrain.data.next_token import NextTokenTarget
from ymltrain.plan.shapes import NO_TOKEN

COUNTED_TOKENS = 10_000_000
"""Counts are of the first so many tokens of the train split, which keeps them within seconds and a GiB."""

COMPRESSED_BYTES = 8 << 20
"""The compressor looks back no further than this, and takes a second a MiB."""

Numbers = npt.NDArray[np.int64]


def text_baselines(train: EncodedSplit, test: EncodedSplit, target: NextTokenTarget) -> dict[str, float]:
    """Bits per byte of the test texts: `unigram`, `bigram`, and `xz` where the texts are short enough."""
    counts = count_tokens(train, target)
    asked_before, asked = _pairs(test, COUNTED_TOKENS)
    size = int(target.truth(asked).sum())
    found = {"unigram": counts.unigram(asked), "bigram": counts.bigram(asked_before, asked)}
    bits = {name: float(-np.log2(probabilities).sum()) / size for name, probabilities in found.items()} if size else {}
    return bits | _compressed(_text(train, target), _text(test, target))


class TokenCounts:
    """How often tokens and pairs of them occur in the train texts: `pairs` int32 `[pairs, 2]`, and how many `times` each."""

    def __init__(self, pairs: npt.NDArray[np.int32], times: npt.NDArray[np.int32], vocabulary: int) -> None:
        self._state = (pairs, times)
        self._vocabulary = vocabulary
        before, after = pairs.astype(np.int64).T
        self._pairs, self._pair_counts = before * vocabulary + after, times.astype(np.int64)
        self._single = _summed(after, times, vocabulary)
        self._followed = _summed(before, times, vocabulary)
        self._kinds = np.bincount(before, minlength=vocabulary)

    @classmethod
    def restore(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TokenCounts:
        """From `arrays`."""
        return cls(arrays["pairs"], arrays["times"], int(arrays["vocabulary"][0]))

    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it, for a file: 12 bytes a pair."""
        pairs, times = self._state
        return {"pairs": pairs, "times": times, "vocabulary": np.array([self._vocabulary], np.int32)}

    def unigram(self, tokens: Numbers) -> npt.NDArray[np.float64]:
        """The probability of each token wherever it stands."""
        kinds = int((self._single > 0).sum())
        share: npt.NDArray[np.float64] = (self._single[tokens] + kinds / self._vocabulary) / (self._single.sum() + kinds)
        return share

    def bigram(self, before: Numbers, tokens: Numbers) -> npt.NDArray[np.float64]:
        """The probability of each token after the one before it."""
        codes = before * self._vocabulary + tokens
        places = np.searchsorted(self._pairs, codes).clip(max=len(self._pairs) - 1)
        seen = np.where(self._pairs[places] == codes, self._pair_counts[places], 0)
        kinds = np.maximum(self._kinds[before], 1)
        share: npt.NDArray[np.float64] = (seen + kinds * self.unigram(tokens)) / (self._followed[before] + kinds)
        return share


def count_tokens(train: EncodedSplit, target: NextTokenTarget) -> TokenCounts:
    """The counts of the train split."""
    before, after = _pairs(train, COUNTED_TOKENS)
    vocabulary = target.output.width
    codes, times = np.unique(before * vocabulary + after, return_counts=True)
    return TokenCounts(
        np.stack([codes // vocabulary, codes % vocabulary], axis=1).astype(np.int32), times.astype(np.int32), vocabulary
    )


def _summed(places: Numbers, times: npt.NDArray[np.int32], size: int) -> Numbers:
    """How often each place occurs, each time it stands there as often as `times` says."""
    found: Numbers = np.bincount(places, weights=times, minlength=size).astype(np.int64)  # exact below 2**53
    return found


def _pairs(split: EncodedSplit, most: int) -> tuple[Numbers, Numbers]:
    """The tokens of a split, each beside the one before it."""
    windows = -(-most // max(1, split.target.shape[1]))
    before, after = split.inputs["tokens"][:windows].reshape(-1), split.target[:windows].reshape(-1)
    is_token = after != NO_TOKEN
    return before[is_token].astype(np.int64), after[is_token].astype(np.int64)


def _text(split: EncodedSplit, target: NextTokenTarget) -> bytes | None:
    """The texts of a split in one; None when they are more than the compressor is given."""
    if split.target.size > COMPRESSED_BYTES:
        return None
    _, tokens = _pairs(split, split.target.size)
    text = target.tokenizer.decode(tokens.tolist()).encode()
    return text if len(text) <= COMPRESSED_BYTES else None


def _compressed(train: bytes | None, test: bytes | None) -> dict[str, float]:
    """By how much the compressed train texts grow when the test texts follow them."""
    if train is None or not test:
        return {}
    preset = 9 | lzma.PRESET_EXTREME
    more = len(lzma.compress(train + test, preset=preset)) - len(lzma.compress(train, preset=preset))
    return {"xz": more * 8 / len(test)}
