"""Rows at the edges of what a model may be given: boundary, null, unseen and extreme values, made from drawn rows.

The first row is the base. For each kind of edge all columns take such a value at once (but for the values that are beyond
float32, which would drown each other), then one column after the other, up to `MOST_EDGES` rows in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, TypeAlias

import polars as pl

from ymltrain.data.reading import column_values
from ymltrain.plan.shapes import ColumnType

Kind: TypeAlias = Literal["normal", "boundary", "null", "unseen", "extreme"]
Values: TypeAlias = dict[Kind, list[Any]]

MOST_EDGES = 256
FAR = 1e6
"""How many times the range of the drawn values an extreme number lies beyond them."""
OVERFLOW = 1e300
"""Beyond the range of float32."""
UNSEEN = "\u2039ymltrain: never seen\u203a"
LONG = 2_000
"""Letters or words of an extreme text."""


def edge_rows(drawn: pl.DataFrame, types: Mapping[str, ColumnType]) -> tuple[pl.DataFrame, list[Kind]]:
    """Edge rows with the columns and types of `drawn` (as they were read), and the kind of each; none of a table without rows."""
    if not drawn.height:
        return drawn.clear(), []
    base = drawn.row(0, named=True)
    columns = {name: EDGES[column_type](column_values(drawn, name)) for name, column_type in types.items()}
    made = list(islice(_rows(base, columns), MOST_EDGES))
    rows = {name: _series(name, [row[name] for _, row in made], dtype) for name, dtype in drawn.schema.items()}
    return pl.DataFrame(rows), [kind for kind, _ in made]


def _rows(base: Mapping[str, Any], columns: Mapping[str, Values]) -> Iterator[tuple[Kind, dict[str, Any]]]:
    kinds: Sequence[Kind] = ("boundary", "null", "unseen", "extreme")
    for kind in kinds:
        variants = {name: [value for value in values.get(kind, []) if not _drowns(value)] for name, values in columns.items()}
        for number in range(max((len(found) for found in variants.values()), default=0)):
            yield kind, {**base, **{name: found[number % len(found)] for name, found in variants.items() if found}}
    for name, values in columns.items():
        for kind in kinds:
            for value in values.get(kind, []):
                yield kind, {**base, name: value}


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    if not isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype)
    moments = [None if value is None else value.astimezone(UTC) for value in values]
    read = pl.Series("values", moments, pl.Datetime("us", "UTC"))  # polars takes some names (`*`, `^a$`) for patterns
    return read.dt.convert_time_zone(dtype.time_zone or "UTC").alias(name)


def _drowns(value: object) -> bool:
    return isinstance(value, float) and abs(value) >= OVERFLOW


def _number(drawn: pl.Series) -> Values:
    finite = drawn.filter(drawn.is_finite().fill_null(value=False))
    low, high = (float(finite.min()), float(finite.max())) if finite.len() else (0.0, 1.0)  # type: ignore[arg-type]
    far = FAR * ((high - low) or abs(high) or 1.0)
    return {
        "boundary": [low, high, 0.0],
        "null": [None, float("nan"), float("inf")],
        "extreme": [low - far, high + far, -OVERFLOW, OVERFLOW],
    }


def _category(drawn: pl.Series) -> Values:
    values = drawn.drop_nulls().unique().sort()
    ends = [values[0], values[-1]] if values.len() else []
    return {"boundary": ends, "null": [None], "unseen": [UNSEEN], "extreme": ["", "漢" * LONG]}


def _boolean(_: pl.Series) -> Values:
    return {"boundary": [False, True], "null": [None]}


def _timestamp(drawn: pl.Series) -> Values:
    times = drawn.drop_nulls()
    ends = [times.min(), times.max()] if times.len() else []
    return {
        "boundary": ends,
        "null": [None],
        "extreme": [
            datetime(1900, 1, 1, tzinfo=UTC),
            datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC),
            datetime(2200, 2, 28, tzinfo=UTC),
        ],
    }


def _text(drawn: pl.Series) -> Values:
    texts = drawn.drop_nulls().unique().sort()
    ends = [texts[0], texts[-1]] if texts.len() else []
    return {"boundary": ends, "null": [None], "unseen": [f"{UNSEEN} {UNSEEN}"], "extreme": ["", "…", "word " * LONG]}


def _vector(drawn: pl.Series) -> Values:
    lists = drawn.drop_nulls()
    if not lists.len():
        return {"null": [None]}
    places = list(zip(*lists.to_list(), strict=True))
    low, high = [min(place) for place in places], [max(place) for place in places]
    far = [FAR * ((above - below) or abs(above) or 1.0) for below, above in zip(low, high, strict=True)]
    return {
        "boundary": [low, high, [0.0] * len(places)],
        "null": [None, [float("nan"), *low[1:]]],
        "extreme": [[above + more for above, more in zip(high, far, strict=True)]],
    }


EDGES: Mapping[ColumnType, Callable[[pl.Series], Values]] = {
    "number": _number,
    "category": _category,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "text": _text,
    "vector": _vector,
}
"""What values lie at the edges of a column of each type, by the values that were drawn."""
