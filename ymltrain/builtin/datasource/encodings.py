"""Text in other encodings than UTF-8, as a stream of UTF-8.

YT703 bytes that are no text in the encoding that is asked for.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import DataError

Encoding = Annotated[
    Literal["utf-8", "utf8", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"],
    Meta(description="The text encoding of the files. `utf-16` goes by the mark at a file's beginning; a mark is never data."),
]

UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_utf8(encoding: str) -> bool:
    """Whether the encoding is UTF-8 under any of its names."""
    return encoding in ("utf-8", "utf8")


class Utf8Stream:
    """Reads a stream of bytes in some encoding as UTF-8."""

    def __init__(self, read: Callable[[int], bytes], name: str, encoding: str) -> None:
        self._read = read
        self._name = name
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._line = 1
        self._is_at_end = False

    def read(self, size: int) -> bytes:
        """About `size` bytes of UTF-8, none at the end. Raises DataError (YT703) naming the line."""
        while not self._is_at_end:
            chunk = self._read(size)
            self._is_at_end = not chunk
            try:
                text = self._decoder.decode(chunk, final=self._is_at_end)
            except UnicodeDecodeError as error:
                line = self._line + error.object[: error.start].decode(self._codec(), "replace").count("\n")
                raise not_text(self._name, line, self._encoding, b"") from None
            except UnicodeError:  # utf-16 without its mark
                raise not_text(self._name, self._line, self._encoding, b"") from None
            if text:
                self._line += text.count("\n")
                return text.encode("utf-8", "surrogatepass")
        return b""

    def _codec(self) -> str:
        return "utf-16-le" if self._encoding == "utf-16" else self._encoding


def not_text(name: str, line: int, encoding: str, start: bytes) -> DataError:
    """The error for bytes that are no text in this encoding; `start` are the first bytes of the file, if known."""
    shown = "UTF-8" if is_utf8(encoding) else encoding
    if start.startswith(UTF_16_MARKS):
        hint = "the file begins as UTF-16 does: write `encoding: utf-16`"
    elif is_utf8(encoding):
        hint = "say how it is written: `encoding: cp1252` (Windows), latin-1 or utf-16; or convert it to UTF-8"
    else:
        hint = "is another `encoding` meant? Every file is text in latin-1, which shows wrong letters rather than an error"
    return DataError("YT703", f"{name}, line {line}: not {shown} text", hint)
