"""What the datasource `sql` reads from a real PostgreSQL server, and a whole fit on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest
import sqlalchemy
from ymltrain.api import DataError

from ymltrain_sql.source import SqlParams, SqlSource

pytestmark = pytest.mark.services

TYPES = """
CREATE TABLE kinds (id integer PRIMARY KEY, price numeric(10, 2), flag boolean, at timestamptz, local timestamp, day date,
  name varchar(20), weights double precision[], raw bytea, share real);
INSERT INTO kinds VALUES
  (2, 12.50, true, '2026-03-01 12:00+02', '2026-03-01 12:00', '2026-03-01', ' x ', '{1, 2.5}', '\\x00ff', 0.5),
  (1, NULL, false, NULL, NULL, NULL, '007', NULL, NULL, NULL)
"""


@pytest.fixture(scope="module")
def url(postgresql):
    """The URL of a running server with two tables."""
    engine = sqlalchemy.create_engine(postgresql)
    with engine.begin() as connection:
        for statement in TYPES.split(";"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(
            "CREATE TABLE flats AS SELECT i AS id, mod(i, 90) + 20.0 AS area, mod(i, 4) AS rooms, "
            "CASE WHEN mod(i, 3) = 0 THEN 'old' ELSE 'new' END AS state, (mod(i, 90) + 20) * 3000 + mod(i, 7) * 100 AS price "
            "FROM generate_series(1, 2000) AS i"
        )
    engine.dispose()
    return postgresql


def test_types_come_through(url):
    """The database's own types come as Arrow types: decimals as numbers, instants in UTC, arrays as vectors."""
    source = SqlSource(SqlParams(url=url, table="kinds", schema="public", order_by="id"))
    table = pl.DataFrame(source.sample(10).table)
    assert dict(table.schema) == {
        "id": pl.Int64,
        "price": pl.Float64,
        "flag": pl.Boolean,
        "at": pl.Datetime("us", "UTC"),
        "local": pl.Datetime("us"),
        "day": pl.Date,
        "name": pl.String,
        "weights": pl.List(pl.Float64),
        "raw": pl.Binary,
        "share": pl.Float64,
    }
    assert table["name"].to_list() == ["007", " x "]
    assert table["at"][1] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert table["weights"].to_list() == [None, [1, 2.5]]


def test_rows_are_streamed_by_a_cursor_on_the_server(url):
    """While batches are read the server holds a cursor, and rows are fetched a batch at a time."""
    source = SqlSource(SqlParams(url=url, table="flats", order_by="id", batch_rows=100))
    batches = iter(source.batches({"area": "number"}))
    next(batches)
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        under_way = connection.exec_driver_sql("SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()").scalars().all()
    engine.dispose()
    assert any(query and "FETCH FORWARD" in query for query in under_way), under_way
    assert sum(pl.DataFrame(batch).height for batch in batches) == 1900


def test_mistakes_are_named_without_credentials(url):
    """A wrong password, a missing table and a column twice are said in words; the password is in none of them."""
    password = sqlalchemy.make_url(url).password
    wrong = url.replace(password, "wrong-pass-77")
    for params, problem in (
        ({"url": wrong, "table": "flats"}, "password authentication failed"),
        ({"url": url, "table": "flat"}, 'relation "flat" does not exist'),
        ({"url": url, "query": "SELECT id, id FROM flats"}, 'called "id"'),
        ({"url": url, "query": "SELECT id, 1 / (id - 1500) AS x FROM flats"}, "division by zero"),
    ):
        with pytest.raises(DataError, match=problem) as caught:
            SqlSource(SqlParams(**params, order_by="id")).fingerprint()
        assert password not in caught.value.message
        assert "wrong-pass-77" not in caught.value.message


def test_a_whole_fit_and_predict(url, tmp_path):
    """A recipe with a secret in its URL trains on a query; nothing that is written holds the secret; DATA may be a datasource."""
    password = sqlalchemy.make_url(url).password
    open_url = url.replace(password, "${secret:FLATS_PASSWORD}")
    (tmp_path / "flats.yaml").write_text(
        f"recipe: 1\nname: flats\ndatasource:\n  type: sql\n  url: {open_url}\n"
        "  query: SELECT id, area, rooms, state, price FROM flats WHERE price > 0\n  order_by: id\n"
        "features: {area: number, rooms: number, state: category}\ntarget: price\nmodel: linear\ntrainer: {max_epochs: 2}\n"
    )
    environment = {**os.environ, "FLATS_PASSWORD": password}

    def run(*arguments):
        command = [sys.executable, "-m", "ymltrain", *arguments, "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    fitted = run("fit", "flats.yaml")
    assert fitted["status"] == "done"
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if password.encode() in path.read_bytes()]
    data = "{type: sql, query: 'SELECT id, area, rooms, state FROM flats WHERE id <= 7'}"
    assert run("predict", fitted["run_id"], data, "-o", "out.csv")["rows"] == 7
    assert run("predict", fitted["run_id"], open_url, "-o", "all.csv")["rows"] == 2000
