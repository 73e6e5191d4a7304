"""How a file of separated text is written: encoding, delimiter and quotes, found by reading it with the datasource itself.

What reads without an error and gives the most columns is taken. A file that is not UTF-8 is UTF-16 where it begins as that
does, else Windows-1252, and latin-1 where it holds bytes that Windows-1252 has no sign for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import DataError
from ymltrain.drafting.findings import Finding, quoted
from ymltrain.drafting.source import TableSource

DELIMITERS = (",", ";", "\t", "|")
UTF_16 = ("utf-16", "utf-16-le", "utf-16-be")
NOT_TEXT = "YT703"


def find_dialect(source: TableSource, catalog: Catalog) -> tuple[TableSource, list[Finding]]:
    """The source with the params that its files need. Raises DataError where nothing reads them."""
    if "encoding" not in source.params:
        source = _with_encoding(source, catalog)
    if "delimiter" not in source.params:
        source = _with_delimiter(source, catalog)
    encoding = source.params.get("encoding", "utf-8")
    return source, [] if encoding in ("utf-8", "utf8") else [encoding_finding(source)]


def next_encoding(source: TableSource) -> TableSource | None:
    """The source read in the encoding to try after one that failed; None when there is no further one."""
    after = {"utf-8": "cp1252", "cp1252": "latin-1"}
    encoding = after.get(str(source.params.get("encoding", "utf-8")))
    return None if encoding is None else source.changed(encoding=encoding)


def encoding_finding(source: TableSource) -> Finding:
    """What to look at in a file that is not UTF-8."""
    encoding = str(source.params["encoding"])
    is_marked = encoding.startswith("utf-16")
    return Finding(
        kind="encoding",
        sure="certain" if is_marked else "likely",
        message=f"the file is not UTF-8 and is read as {encoding}" + ("" if is_marked else _specimen(source)),
        advice="" if is_marked else "look at its letters; another 8-bit encoding would show wrong ones without an error",
    )


def _specimen(source: TableSource) -> str:
    """A text of the file with a letter beyond ASCII, by which a person sees whether the encoding is right."""
    try:
        sample = pl.DataFrame(source.open().sample(1_000).table)
    except DataError:
        return ""
    for column in sample.iter_columns():
        values = column.alias("values").drop_nulls().to_list() if column.dtype == pl.String else []
        for text in (column.name, *values):
            if not text.isascii():
                return f": {quoted(text)}"
    return ""


def _with_encoding(source: TableSource, catalog: Catalog) -> TableSource:
    names, error = _columns(source)
    is_utf_8 = error is None or error.code != NOT_TEXT
    if is_utf_8 and not any("\0" in name for name in names):
        return source
    for encoding in UTF_16:
        found, _ = _widest(_attempts(source.changed(encoding=encoding), catalog))
        if found is not None and len(_columns(found)[0]) > 1:  # other text in pairs of bytes has no delimiter
            return source.changed(encoding=encoding)
    following: TableSource | None = source
    while error is not None and error.code == NOT_TEXT and (following := next_encoding(source)) is not None:
        source = following
        _, error = _columns(source)
    return source


def _with_delimiter(source: TableSource, catalog: Catalog) -> TableSource:
    """The reading that gives the most columns; the first one of equals."""
    best, error = _widest(_attempts(source, catalog))
    if best is None and "quote" not in source.params:
        best, _ = _widest(_attempts(source.changed(quote=None), catalog))
    if best is None:
        assert error is not None, "there is an attempt, and it failed"
        raise error
    return best


def _attempts(source: TableSource, catalog: Catalog) -> list[TableSource]:
    """The source with each of the delimiters, the one of its type first."""
    if source.type == "csv":
        return [source.changed(delimiter=sign) if sign != "," else source for sign in DELIMITERS]
    as_csv = TableSource(catalog.load("datasource", "csv"), source.params, source.environment)
    return [source, *(as_csv.changed(delimiter=sign) if sign != "," else as_csv for sign in DELIMITERS if sign != "\t")]


def _widest(attempts: Sequence[TableSource]) -> tuple[TableSource | None, DataError | None]:
    """The attempt that reads and has the most columns, the first one of equals; and the first error."""
    best, most, first_error = None, 0, None
    for attempt in attempts:
        names, error = _columns(attempt)
        first_error = first_error or error
        if error is None and len(names) > most:
            best, most = attempt, len(names)
    return best, first_error


def _columns(source: TableSource, **params: Any) -> tuple[list[str], DataError | None]:
    try:
        return pl.Schema(source.open(**params).schema()).names(), None
    except DataError as error:
        return [], error
