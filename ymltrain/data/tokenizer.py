"""Text to tokens and back: bytes, or pieces of words that byte pair encoding has learned (Sennrich et al. 2016).

Id 0 is the end of a text, which no text holds; every other id stands for some bytes of UTF-8, so any text can be written in
tokens and its length in bytes is the sum over them.

YT748 the library that learns tokens is not installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ymltrain.diagnostics import DataError
from ymltrain.plan.plan import BYTE_VOCABULARY, TextSpec

END = 0
Ids: TypeAlias = npt.NDArray[np.int32]


class Tokenizer(Protocol):
    """A tokenizer that has learned what it needs."""

    @property
    def state(self) -> dict[str, Any]:
        """What it learned, as plain JSON; `restore_tokenizer` takes it back."""
        ...

    @property
    def byte_counts(self) -> npt.NDArray[np.int64]:
        """How many bytes each id stands for; of the end none."""
        ...

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text, without an end."""
        ...

    def decode(self, ids: Iterable[int]) -> str:
        """The text of some ids; a piece of a character becomes the sign for one that cannot be read."""
        ...


class ByteTokenizer:
    """Each byte of UTF-8 is a token."""

    @property
    def state(self) -> dict[str, Any]:
        return {"type": "byte"}

    @property
    def byte_counts(self) -> npt.NDArray[np.int64]:
        return np.array([0] + [1] * (BYTE_VOCABULARY - 1))

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        return [np.frombuffer(_utf8(text), np.uint8).astype(np.int32) + 1 for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        return bytes(number - 1 for number in ids if number != END).decode(errors="replace")


class BpeTokenizer:
    """Byte-level byte pair encoding, by the library tokenizers; `state` holds its own JSON."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._tokenizer: Any = _library().Tokenizer.from_str(document)
        self._tokenizer.encode_special_tokens = True  # what looks like a special token in a text is text
        size = self._tokenizer.get_vocab_size()
        letters = {letter: byte for byte, letter in _byte_letters().items()}
        self._bytes = [b"", *(bytes(letters[one] for one in self._tokenizer.id_to_token(number)) for number in range(size))]

    @classmethod
    def learn(cls, texts: Iterable[str], vocabulary: int) -> BpeTokenizer:
        """Learn at most so many tokens, the end included, from texts that are read once."""
        library = _library()
        tokenizer = library.Tokenizer(library.models.BPE())
        tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = library.decoders.ByteLevel()
        trainer = library.trainers.BpeTrainer(
            vocab_size=vocabulary - 1, initial_alphabet=sorted(_byte_letters().values()), show_progress=False
        )
        tokenizer.train_from_iterator(map(_plain, texts), trainer)
        return cls(tokenizer.to_str())

    @property
    def state(self) -> dict[str, Any]:
        return {"type": "bpe", "document": self._document}

    @property
    def byte_counts(self) -> npt.NDArray[np.int64]:
        return np.array([len(piece) for piece in self._bytes])

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        found = self._tokenizer.encode_batch([_plain(text) for text in texts], add_special_tokens=False)
        return [np.array(one.ids, np.int32) + 1 for one in found]

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(self._bytes[number] for number in ids if number < len(self._bytes)).decode(errors="replace")


def learn_tokenizer(spec: TextSpec, texts: Iterable[str]) -> Tokenizer:
    """The tokenizer that a plan asks for; it has read all texts, whether or not it learns from them."""
    if spec.tokenizer == "bpe":
        return BpeTokenizer.learn(texts, spec.vocabulary)
    for _ in texts:
        pass
    return ByteTokenizer()


def restore_tokenizer(state: Mapping[str, Any]) -> Tokenizer:
    """A tokenizer from its state."""
    return BpeTokenizer(state["document"]) if state["type"] == "bpe" else ByteTokenizer()


def _plain(text: str) -> str:
    """A text without half characters, which UTF-8 cannot hold."""
    return _utf8(text).decode()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _byte_letters() -> dict[int, str]:
    """The letter by which GPT-2's byte-level encoding writes each byte: itself where it is printable, else one from 256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + place) for place, byte in enumerate(others)}}


def _library() -> Any:
    if find_spec("tokenizers") is None:
        raise DataError("YT748", "the tokenizer bpe needs the library tokenizers", "pip install 'ymltrain[text]'")
    import tokenizers

    return tokenizers
