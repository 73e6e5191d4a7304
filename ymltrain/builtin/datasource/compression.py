"""Compressed files, read as a stream of what they hold.

YT740 a part of Python or a distribution that is needed is not installed; YT741 the compressed stream is damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import PurePosixPath
from typing import IO, Annotated, Any, Literal, Protocol, cast

from msgspec import Meta

from ymltrain.api import DataError

SUFFIXES = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}

Compression = Annotated[
    Literal["auto", "none", "gzip", "bz2", "xz", "zstd"],
    Meta(description="How the files are compressed; `auto` goes by the suffix: .gz, .bz2, .xz or .zst."),
]


def plain_suffix(name: str) -> str:
    """The suffix that tells what a file holds: `.csv` of both `a.csv` and `a.CSV.gz`."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in SUFFIXES else path.suffix


class Readable(Protocol):
    """What decompression needs of a file."""

    def read(self, size: int = -1, /) -> bytes: ...


def decompressed(raw: Readable, name: str, compression: str) -> IO[bytes] | None:
    """The content of an open file of this name, None when it is not compressed.

    Raises DataError (YT740) when the reader is not installed.
    """
    if compression == "auto":
        compression = SUFFIXES.get(PurePosixPath(name.lower()).suffix, "none")
    if compression == "none":
        return None
    return cast("IO[bytes]", _READERS[compression](raw))


@contextmanager
def sound_stream(name: str) -> Iterator[None]:
    """Turns what decompression says of a damaged stream into a DataError (YT741)."""
    import zlib

    try:
        yield
    except EOFError:
        raise DataError("YT741", f"{name} ends in the middle of its compressed data", "was it copied to its end?") from None
    except Exception as error:
        if isinstance(error, zlib.error) or type(error).__name__ in ("BadGzipFile", "LZMAError", "ZstdError") or _is_bz2(error):
            hint = "write the file again, or say how it is compressed: `compression: none`, gzip, bz2, xz or zstd"
            raise DataError("YT741", f"{name} is not sound compressed data: {error}", hint) from None
        raise


def _is_bz2(error: Exception) -> bool:
    """An OSError of the library's own, not of the file system: that one carries a number."""
    return type(error) is OSError and error.errno is None and "data stream" in str(error)


def _gzip(raw: Any) -> Any:
    import gzip

    return gzip.GzipFile(fileobj=raw)


def _bz2(raw: Any) -> Any:
    import bz2

    return bz2.BZ2File(raw)


def _xz(raw: Any) -> Any:
    import lzma

    return lzma.LZMAFile(raw)


def _zstd(raw: Any) -> Any:
    for module in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(module).ZstdFile(raw)
        except ImportError:
            continue
    hint = "pip install 'ymltrain[zstd]' (Python 3.14 and newer have it of their own)"
    raise DataError("YT740", "reading .zst files needs backports.zstd, which is not installed", hint)


_READERS = {"gzip": _gzip, "bz2": _bz2, "xz": _xz, "zstd": _zstd}
