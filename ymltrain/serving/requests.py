"""Requests against the contract: which rows a body holds, and every field that breaks it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.data.json_values import fits, json_column
from ymltrain.data.reading import Readings

MOST_ROWS = 10_000
MOST_MISTAKES = 50


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """A field that breaks the contract: the row in the request (from 0), the field, what is wrong."""

    row: int
    field: str
    message: str


@dataclass(frozen=True)
class Batch:
    """Rows to predict, with an id each."""

    rows: list[dict[str, Any]]
    request_ids: list[str]


class BadRequestError(Exception):
    """A body that cannot be served; `mistakes` name each field of it."""

    def __init__(self, message: str, mistakes: list[Mistake] | None = None) -> None:
        super().__init__(message)
        self.mistakes = mistakes or []


def read_request(body: bytes, predictor: Predictor, request_id: str) -> Batch:
    """The rows of `{"rows": [{…}, …]}`, or of one row `{…}`. Raises BadRequestError with every mistake."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise BadRequestError(f"the body is no JSON: {error}") from None
    given = document.get("rows") if isinstance(document, dict) else None
    rows: list[Any] = given if isinstance(given, list) else [document]
    if not rows or len(rows) > MOST_ROWS:
        raise BadRequestError(f"a request has 1 to {MOST_ROWS:,} rows, this one has {len(rows):,}")
    mistakes: list[Mistake] = []
    columns, may_lack = predictor.columns, predictor.defaults.values
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            mistakes.append(Mistake(row=number, field="", message=f"a row is an object, not {_kind(row)}"))
        else:
            mistakes += _mistakes(number, row, columns, may_lack)
            mistakes += _set_aside(number, row, predictor.defaults.always)
        if len(mistakes) >= MOST_MISTAKES:
            break
    mistakes = mistakes or list(_unreadable(rows, columns))[:MOST_MISTAKES]
    if mistakes:
        raise BadRequestError("the request breaks the model's contract", mistakes)
    ids = [request_id] if len(rows) == 1 else [f"{request_id}-{number}" for number in range(len(rows))]
    return Batch(rows, ids)


def _set_aside(number: int, row: Mapping[str, Any], names: frozenset[str]) -> list[Mistake]:
    message = "is not known when predictions are asked for: leave it out"
    return [Mistake(row=number, field=name, message=message) for name in sorted(names) if row.get(name) is not None]


def _mistakes(number: int, row: Mapping[str, Any], columns: Readings, may_lack: Container[str]) -> list[Mistake]:
    found = []
    for name, reading in columns.items():
        if name not in row:
            if name in may_lack:
                continue
            message = "is required; null where its value is missing"
        elif not fits(row[name], reading.type):
            message = f"must be a {reading.type} or null, not {_kind(row[name])}"
        else:
            continue
        found.append(Mistake(row=number, field=name, message=message))
    return found


def _unreadable(rows: list[dict[str, Any]], columns: Readings) -> Iterator[Mistake]:
    """Texts that are no truth value or no time, of rows whose values are of the right kinds."""
    for name, reading in columns.items():
        if reading.type in ("boolean", "timestamp"):
            _, wrong = json_column([row.get(name) for row in rows], reading)
            for number in wrong.nonzero()[0].tolist():
                message = f"cannot be read as a {reading.type}: {str(rows[number][name])[:60]}"
                yield Mistake(row=number, field=name, message=message)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def to_frame(rows: list[dict[str, Any]], predictor: Predictor) -> pl.DataFrame:
    """Rows that keep the contract, as encoders take them."""
    columns = {name: json_column([row.get(name) for row in rows], reading)[0] for name, reading in predictor.columns.items()}
    return pl.DataFrame(columns)
