"""Datasource `sql`: the rows of a table or a query of any database that SQLAlchemy speaks to, sorted by `order_by`.

Rows are streamed in batches, with a cursor on the server where the driver has one. Numbers (decimals too) come as float64
or int64, booleans, dates, times and text as what they are; times with a zone in UTC. The types of the columns are those of
the first 10,000 rows. The order of rows must be fixed, so `order_by` has to tell every two rows apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta
from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, DataError, Params, Sample, did_you_mean, plugin

Name = Annotated[str, Meta(min_length=1)]


class SqlParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: sql`."""

    url: Annotated[
        str,
        Meta(
            min_length=1,
            description="SQLAlchemy URL, such as postgresql+psycopg://me:${secret:DB_PASSWORD}@host/database or "
            "sqlite:///rows.db (relative to the current folder; with four strokes absolute).",
        ),
    ]
    order_by: Annotated[
        Annotated[tuple[Name, ...], Meta(min_length=1)] | Name,
        Meta(description="The column or columns that fix the order of rows: no two rows agree in all of them."),
    ]
    table: Annotated[str, Meta(min_length=1, description="The table or view; either this or `query`.")] | None = None
    schema: Annotated[str, Meta(min_length=1, description="The schema of the table, where it is not the default one.")] | None = (
        None
    )
    query: Annotated[str, Meta(min_length=1, description="One SELECT, without ORDER BY; either this or `table`.")] | None = None
    batch_rows: Annotated[int, Meta(ge=1, le=1_000_000, description="How many rows are fetched at a time.")] = 20_000

    def __post_init__(self) -> None:
        if (self.table is None) == (self.query is None):
            raise ValueError("write either `table` or `query`")
        if self.schema is not None and self.table is None:
            raise ValueError("`schema` is the schema of a `table`")

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that fix the order."""
        return (self.order_by,) if isinstance(self.order_by, str) else self.order_by


@plugin("datasource", "sql", params=SqlParams)
class SqlSource:
    """Opens a connection for each look at the rows."""

    def __init__(self, params: SqlParams) -> None:
        self._params = params

    def schema(self) -> ArrowSchema:
        from ymltrain_sql.rows import read_head

        return read_head(self._params, 0).schema

    def sample(self, n: int) -> Sample:
        from ymltrain_sql.rows import count_rows, read_head

        return Sample(table=read_head(self._params, n), total_rows=count_rows(self._params), is_exact=True)

    def fingerprint(self) -> str:
        from ymltrain_sql.rows import digest

        return digest(self._params)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        import polars as pl

        from ymltrain_sql.rows import read_batches

        found = pl.Schema(self.schema())
        for column in columns:
            if column not in found:
                raise DataError("YT705", f'the rows have no column "{column}"', did_you_mean(column, list(found)))
        yield from read_batches(self._params, columns, found)
