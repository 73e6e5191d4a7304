"""Datasource `text`: the texts of one or more files, in the order of their paths.

A row is a whole file, or a part of one: a line, or a block of about as many characters that ends where a paragraph does. The
columns are `document` (the file's path below what all files have in common), of parts also `part` (from 0), and `text`. Blank
lines and blank files are no rows. A split by `document` keeps a file together; one by rows does not, yet no text is in two
splits.

Texts that are a column of a table need no source of their own: take the table's, and the column as the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, Sample, plugin
from ymltrain.builtin.datasource.compression import Compression
from ymltrain.builtin.datasource.encodings import Encoding
from ymltrain.builtin.datasource.files import FilesParams, check_columns
from ymltrain.builtin.datasource.location import Location

SUFFIXES = (".txt", ".md", ".rst", ".text")


class TextParams(FilesParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: text`."""

    rows: Annotated[
        Literal["document", "line", "block"],
        Meta(description="What a row is: a whole file, a line of one, or a block of lines that ends where a paragraph does."),
    ] = "document"
    block_chars: Annotated[int, Meta(ge=100, description="Of blocks: how long one is before it ends at a blank line.")] = 8_000
    encoding: Encoding = "utf-8"
    compression: Compression = "auto"


@plugin("datasource", "text", params=TextParams)
class TextSource:
    """Reads the files one after the other; only a row that is a whole file takes as much memory as the file."""

    def __init__(self, params: TextParams) -> None:
        self._location = Location(params.path, SUFFIXES, params.storage)
        self._params = params

    def schema(self) -> ArrowSchema:
        from ymltrain.builtin.datasource.text_rows import columns_of

        return columns_of(self._params.rows)

    def sample(self, n: int) -> Sample:
        from ymltrain.builtin.datasource.text_rows import read_head

        return read_head(self._location.files(), self._params, n)

    def fingerprint(self) -> str:
        from ymltrain.builtin.datasource.text_rows import fingerprint_documents

        return fingerprint_documents(self._location.files(), self._params)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        from ymltrain.builtin.datasource.text_rows import columns_of, read_batches

        check_columns(self._params.path, columns, list(columns_of(self._params.rows)))
        for batch, _ in read_batches(self._location.files(), self._params):
            yield batch.select(list(columns))
