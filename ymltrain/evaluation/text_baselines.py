"""What a language model has to beat: counts of tokens and of pairs of tokens, and a compressor, all given the train texts only.

Counts are smoothed by Witten and Bell's rule (1991), which has nothing to tune: what follows a token is expected as often as it
followed it, and in the share of times that it was followed by something new, as often as it occurs at all.
"""

from __future__ import annotations

import lzma

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
    before, after = _pairs(train, COUNTED_TOKENS)
    counts = _Counts(before, after, target.output.width)
    asked_before, asked = _pairs(test, COUNTED_TOKENS)
    size = int(target.truth(asked).sum())
    found = {"unigram": counts.unigram(asked), "bigram": counts.bigram(asked_before, asked)}
    bits = {name: float(-np.log2(probabilities).sum()) / size for name, probabilities in found.items()} if size else {}
    return bits | _compressed(_text(train, target), _text(test, target))


class _Counts:
    """How often tokens and pairs of them occur."""

    def __init__(self, before: Numbers, after: Numbers, vocabulary: int) -> None:
        self._vocabulary = vocabulary
        self._single = np.bincount(after, minlength=vocabulary)
        self._pairs, self._pair_counts = np.unique(before * vocabulary + after, return_counts=True)
        firsts = self._pairs // vocabulary
        self._followed = np.bincount(before, minlength=vocabulary)
        self._kinds = np.bincount(firsts, minlength=vocabulary)

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
