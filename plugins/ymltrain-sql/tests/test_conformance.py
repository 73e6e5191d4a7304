"""The datasource `sql` passes ymltrain's kit, over SQLite here and over a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import sqlalchemy
from ymltrain.testing.datasource import DatasourceKit

from ymltrain_sql.source import SqlParams, SqlSource

TYPES = {pl.String: sqlalchemy.Text, pl.Int64: sqlalchemy.BigInteger, pl.Float64: sqlalchemy.Double, pl.Null: sqlalchemy.Text}
KEY = "row number"


def store(url: str, table: pl.DataFrame, name: str) -> None:
    """Write a table, each row with its number."""
    engine = sqlalchemy.create_engine(url)
    columns = [sqlalchemy.Column(column, TYPES[dtype.base_type()]) for column, dtype in table.schema.items()]
    stored = sqlalchemy.Table(name, sqlalchemy.MetaData(), sqlalchemy.Column(KEY, sqlalchemy.Integer), *columns)
    stored.create(engine)
    rows = [{KEY: number, **row} for number, row in enumerate(table.iter_rows(named=True))]
    with engine.begin() as connection:
        if rows:
            connection.execute(stored.insert(), rows)
    engine.dispose()


def source(url: str, table: pl.DataFrame, name: str) -> SqlSource:
    """The columns of a table in the order of its rows."""
    quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in table.columns)
    query = f'SELECT {quoted}, "{KEY}" FROM "{name}"'
    return WithoutKey(SqlParams(url=url, query=query, order_by=KEY, batch_rows=4096))


class WithoutKey(SqlSource):
    """The kit's own columns: the one that the rows are sorted by is left out of schema and sample."""

    def schema(self):
        return pl.Schema({name: dtype for name, dtype in super().schema().items() if name != KEY})

    def sample(self, n):
        found = super().sample(n)
        return type(found)(table=pl.DataFrame(found.table).drop(KEY), total_rows=found.total_rows, is_exact=found.is_exact)


class TestSqlite(DatasourceKit):
    """Over a SQLite file."""

    def make(self, folder: Path, table: pl.DataFrame) -> SqlSource:
        file = folder / f"rows{len(list(folder.iterdir()))}.db"
        store(f"sqlite:///{file}", table, "rows")
        return source(f"sqlite:///{file}", table, "rows")


@pytest.mark.services
class TestPostgresql(DatasourceKit):
    """Over tables of a PostgreSQL server."""

    @pytest.fixture(autouse=True)
    def _at(self, postgresql):
        self._url = postgresql
        self._made = 0

    def make(self, folder: Path, table: pl.DataFrame) -> SqlSource:
        self._made += 1
        name = f"{folder.parent.name[-40:]}-{folder.name}-{self._made}"[-60:]
        store(self._url, table, name)
        return source(self._url, table, name)
