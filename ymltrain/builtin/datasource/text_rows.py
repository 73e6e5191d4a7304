"""Files of text as rows: whole, by lines, or by blocks of paragraphs."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from ymltrain.api import Sample
from ymltrain.builtin.datasource.encodings import Utf8Stream
from ymltrain.builtin.datasource.files import READ_BYTES, fingerprint, open_content
from ymltrain.builtin.datasource.location import DataFile

if TYPE_CHECKING:
    from ymltrain.builtin.datasource.text import TextParams

BATCH_CHARS = 1 << 20
SAMPLE_CHARS = 4 << 20
"""A sample ends here where the rows asked for are long."""

Row = tuple[str, int, str]


def columns_of(rows: str) -> pl.Schema:
    """The columns of a table whose rows are documents, or parts of them."""
    part = {} if rows == "document" else {"part": pl.Int64()}
    return pl.Schema({"document": pl.String(), **part, "text": pl.String()})


def read_batches(files: Sequence[DataFile], params: TextParams) -> Iterator[tuple[pl.DataFrame, int]]:
    """All rows in order, in batches of about a million characters, each with the stored bytes read so far."""
    waiting: list[Row] = []
    chars = stored = 0
    for row, stored in _rows(files, params):
        waiting.append(row)
        chars += len(row[2])
        if chars >= BATCH_CHARS:
            yield _frame(waiting, params), stored
            waiting, chars = [], 0
    if waiting or not stored:
        yield _frame(waiting, params), stored


def read_head(files: Sequence[DataFile], params: TextParams, wanted: int) -> Sample:
    """The first rows, fewer than asked for where they hold millions of characters; the count exact, or by what was read of all."""
    sizes = [file.size for file in files]
    kept: list[Row] = []
    chars = rows = stored = 0
    is_exact = True
    for row, read in _rows(files, params):
        if rows >= wanted and chars >= SAMPLE_CHARS and None not in sizes:
            is_exact = False
            break
        if rows < wanted and chars < SAMPLE_CHARS:
            kept.append(row)
        rows, stored = rows + 1, read
        chars += len(row[2])
        if chars >= SAMPLE_CHARS and params.rows == "document":
            return Sample(table=_frame(kept, params), total_rows=len(files), is_exact=False)
    total = rows if is_exact else round(sum(size or 0 for size in sizes) * rows / stored)
    return Sample(table=_frame(kept, params), total_rows=total, is_exact=is_exact)


def fingerprint_documents(files: Sequence[DataFile], params: TextParams) -> str:
    """`sha256:…` of the names and the content of all files."""
    digest = hashlib.sha256()
    for name, file in zip(_names(files), files, strict=True):
        digest.update(f"{fingerprint([file], params.compression)} {name}\n".encode())
    return "sha256:" + digest.hexdigest()


def _rows(files: Sequence[DataFile], params: TextParams) -> Iterator[tuple[Row, int]]:
    """Each row, and how many stored bytes of all files were read when it was whole."""
    before = 0
    for name, file in zip(_names(files), files, strict=True):
        with open_content(file, params.compression) as stream:
            pieces = _decoded(Utf8Stream(stream.read_content, file.name, params.encoding))
            texts = iter(["".join(pieces)]) if params.rows == "document" else _parts(_lines(pieces), params)
            part = 0
            for text in texts:
                if text.strip():
                    yield (name, part, text), before + stream.stored
                    part += 1
        before += stream.stored


def _decoded(stream: Utf8Stream) -> Iterator[str]:
    """The content as text, its mark at the beginning left out; lines end in a line feed however the file ends them."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_first, held = True, ""
    while True:
        chunk = stream.read(READ_BYTES)
        text = held + decoder.decode(chunk, final=not chunk)
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        held = "\r" if chunk and text.endswith("\r") else ""
        text = text.removesuffix(held).replace("\r\n", "\n").replace("\r", "\n") if text else ""
        if text:
            yield text
        if not chunk:
            return


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Lines with their ends."""
    rest = ""
    for piece in pieces:
        lines = (rest + piece).split("\n")
        rest = lines.pop()
        yield from (line + "\n" for line in lines)
    if rest:
        yield rest


def _parts(lines: Iterator[str], params: TextParams) -> Iterator[str]:
    if params.rows == "line":
        yield from (line.removesuffix("\n") for line in lines)
        return
    block: list[str] = []
    chars = 0
    for line in lines:
        block.append(line)
        chars += len(line)
        is_long = chars >= params.block_chars
        if (is_long and not line.strip()) or chars >= 2 * params.block_chars:  # a text without paragraphs is cut at a line
            yield "".join(block)
            block, chars = [], 0
    yield "".join(block)


def _names(files: Sequence[DataFile]) -> list[str]:
    """Each file's path below the folder that all have in common; the name of a single one."""
    paths = [PurePath(file.name) for file in files]
    common = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(common).as_posix() for path in paths]


def _frame(rows: Sequence[Row], params: TextParams) -> pl.DataFrame:
    schema = columns_of(params.rows)
    columns = [pl.Series("document", [name for name, _, _ in rows], pl.String)]
    if "part" in schema:
        columns.append(pl.Series("part", [part for _, part, _ in rows], pl.Int64))
    return pl.DataFrame([*columns, pl.Series("text", [text for _, _, text in rows], pl.String)])
