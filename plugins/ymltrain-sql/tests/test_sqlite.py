"""What the datasource `sql` reads and what it says, over SQLite files."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from importlib.metadata import entry_points

import msgspec
import polars as pl
import pytest
from ymltrain.api import DataError

from ymltrain_sql.source import SqlParams, SqlSource


@pytest.fixture
def database(tmp_path):
    """Runs statements in a SQLite file and gives its URL."""

    def run(*statements):
        connection = sqlite3.connect(tmp_path / "rows.db")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return f"sqlite:///{tmp_path}/rows.db"

    return run


CUSTOMERS = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, age NUMERIC, mixed)",
    "INSERT INTO customers VALUES (2, 'Bo', 30.5, 1), (1, 'Ann', 41, 'x'), (3, NULL, NULL, 2.5)",
)


def source(url, **params) -> SqlSource:
    """A source, by default of the customers."""
    return SqlSource(SqlParams(url=url, **{"table": "customers", "order_by": "id", **params}))


def read(found, **columns):
    """All rows with these columns."""
    return [row for batch in found.batches(columns) for row in pl.DataFrame(batch).rows()]


def test_the_entry_point_leads_here():
    """The installed distribution offers `sql`, as the catalog finds it."""
    (found,) = entry_points(group="ymltrain.datasource", name="sql")
    assert found.load() is SqlSource


def test_loading_the_plugin_imports_no_database():
    """What `check` and `plugins show` load is light."""
    program = "import sys, ymltrain_sql.source; print([name for name in ('polars', 'sqlalchemy', 'torch') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_table_in_its_order(database):
    """Rows come sorted by the key, whatever the order they were written in; mixed kinds are text."""
    found = source(database(*CUSTOMERS))
    assert read(found, name="category", age="number", mixed="category") == [
        ("Ann", 41, "x"),
        ("Bo", 30.5, "1"),
        (None, None, "2.5"),
    ]
    assert found.sample(2).total_rows == 3
    assert dict(pl.Schema(found.schema())) == {"id": pl.Int64, "name": pl.String, "age": pl.Float64, "mixed": pl.String}


def test_a_query(database):
    """A query may hold colons, percent signs, comments and a closing semicolon."""
    query = "SELECT id, name || ':x' AS tag, '100%' AS share FROM customers WHERE name LIKE '%n%' -- all with an n\n;"
    assert read(source(database(*CUSTOMERS), table=None, query=query), tag="category", share="category") == [("Ann:x", "100%")]


def test_batches_are_bounded(database):
    """Many rows come in batches of the size that is asked for."""
    url = database(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, n REAL)",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 25000) INSERT INTO customers SELECT i, i / 2.0 FROM r",
    )
    batches = [pl.DataFrame(batch) for batch in source(url, batch_rows=10_000).batches({"n": "number"})]
    assert [batch.height for batch in batches] == [10_000, 10_000, 5_000]
    assert pl.concat(batches)["n"].sum() == 25_000 * 25_001 / 4


def test_an_order_that_is_none(database):
    """Rows that `order_by` cannot tell apart end the reading, also across batches; naming every column will do."""
    url = database("CREATE TABLE customers (id, n)", "INSERT INTO customers VALUES (1, 5), (2, 6), (2, 7), (2, 7)")
    for batch_rows in (1, 2, 100):
        with pytest.raises(DataError, match="rows 2 and 3 agree in id") as caught:
            read(source(url, batch_rows=batch_rows), n="number")
        assert caught.value.code == "YT751"
    assert read(source(url, order_by=("id", "n")), n="number") == [(5,), (6,), (7,), (7,)]


def test_the_fingerprint_follows_the_rows(database):
    """Another value or another order gives another fingerprint; how the rows were written does not matter."""
    url = database(*CUSTOMERS)
    first = source(url).fingerprint()
    assert source(url, table=None, query="SELECT * FROM customers WHERE 1").fingerprint() == first
    assert source(url, order_by=("age", "id")).fingerprint() != first
    database("UPDATE customers SET age = 41.5 WHERE id = 1")
    assert source(url).fingerprint() != first


@pytest.mark.parametrize(
    ("params", "code", "problem"),
    [
        ({"table": "custmers"}, "YT750", "no such table: custmers"),
        ({"table": None, "query": "SELECT nothing FROM"}, "YT750", "syntax error"),
        ({"order_by": "idd"}, "YT705", 'no column "idd" to order by'),
        ({"url": "sqlite:////nowhere/rows.db"}, "YT700", "there is no file /nowhere/rows.db"),
        ({"url": "not a url"}, "YT750", "no SQLAlchemy URL"),
        ({"url": "oracle+oracledb://me:hunter22@h/x"}, "YT740", "needs oracledb"),
        ({"url": "nosuchdb://me:hunter22@h/x"}, "YT750", 'no dialect "nosuchdb"'),
        ({"url": "postgresql+psycopg://me:hunter22@127.0.0.1:9/x"}, "YT750", "127.0.0.1"),
    ],
)
def test_mistakes_are_named(database, params, code, problem):
    """What is wrong is said in a DataError with a remedy and without credentials."""
    with pytest.raises(DataError) as caught:
        source(**{"url": database(*CUSTOMERS), **params}).sample(3)
    assert caught.value.code == code
    assert problem in caught.value.message
    assert caught.value.hint
    assert "hunter22" not in caught.value.message + caught.value.hint


def test_a_value_that_does_not_fit(database):
    """A value of another kind than those of the first rows is named with its row."""
    url = database(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, n)",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 11000) INSERT INTO customers SELECT i, i FROM r",
        "UPDATE customers SET n = 'oops' WHERE id = 10500",
    )
    with pytest.raises(DataError, match=r"row 10500: 'oops' in column \"n\"") as caught:
        read(source(url), n="number")
    assert caught.value.code == "YT706"


@pytest.mark.parametrize(
    "params", [{}, {"table": "a", "query": "b"}, {"query": "b", "schema": "s"}, {"table": "a", "order_by": []}]
)
def test_params_that_cannot_work(params):
    """A table or a query, and an order, are needed."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": "sqlite://", "order_by": ["id"], **params}, SqlParams)
