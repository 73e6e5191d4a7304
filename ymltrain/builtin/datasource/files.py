"""What every source that reads files needs: its params, its files as streams, their fingerprint, the columns asked for.

YT705 a column that the table does not have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Annotated, Any

from msgspec import Meta

from ymltrain.api import DataError, DataPath, Params, did_you_mean
from ymltrain.builtin.datasource.compression import decompressed, sound_stream
from ymltrain.builtin.datasource.location import DataFile

READ_BYTES = 1 << 20


class FilesParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside the `type` of every source of files."""

    path: DataPath
    storage: Annotated[
        dict[str, Any],
        Meta(
            description="Options of the URL's fsspec backend, such as `anon` or `endpoint_url` for s3; credentials as "
            "${secret:NAME}, or better in the environment."
        ),
    ] = {}  # noqa: RUF012  msgspec copies it for each struct


class Stream:
    """The content of a file; `stored` says how many of its stored bytes have been taken so far."""

    def __init__(self, raw: IO[bytes], name: str, compression: str) -> None:
        self.stored = 0
        self._raw = raw
        self._content = decompressed(self, name, compression)
        self._name = name

    def read(self, size: int = -1) -> bytes:
        """The next bytes as stored, none at the end."""
        chunk = self._raw.read(size)
        self.stored += len(chunk)
        return chunk

    def read_content(self, size: int) -> bytes:
        """The next bytes of the content, at most so many, none at the end. Raises DataError (YT741)."""
        if self._content is None:
            return self.read(size)
        with sound_stream(self._name):
            return self._content.read(size)


@contextmanager
def open_content(file: DataFile, compression: str = "none") -> Iterator[Stream]:
    """The content of a file, decompressed; what goes wrong while it is open becomes a DataError."""
    with file.open() as raw:
        yield Stream(raw, file.name, compression)


def fingerprint(files: Sequence[DataFile], compression: str = "none") -> str:
    """`sha256:…` of the content: of one file as `sha256sum` prints it, of several that of their digests, line by line."""
    digests = [_digest(file, compression) for file in files]
    return "sha256:" + (digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest())


def _digest(file: DataFile, compression: str) -> str:
    digest = hashlib.sha256()
    with open_content(file, compression) as stream:
        while chunk := stream.read_content(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def check_columns(path: str, asked: Iterable[str], present: Sequence[str]) -> None:
    """Raise DataError for the first column asked for that the table does not have."""
    for column in asked:
        if column not in present:
            raise DataError("YT705", f'{path} has no column "{column}"', did_you_mean(column, present))
