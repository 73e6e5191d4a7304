"""A connection to a database, what is asked of it, and what to say when that fails. Credentials never come into a message.

YT740 the driver is not installed; YT750 the database cannot be reached or does not understand.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy.pool import NullPool
from ymltrain.api import DataError

if TYPE_CHECKING:
    from ymltrain_sql.source import SqlParams

DRIVERS = {
    "psycopg": "'ymltrain-sql[postgresql]'",
    "psycopg2": "psycopg2-binary, or write postgresql+psycopg:// and pip install 'ymltrain-sql[postgresql]'",
    "MySQLdb": "mysqlclient, or write mysql+pymysql:// and pip install pymysql",
}
"""What pip installs for a driver whose name is another."""


class Reading:
    """An open connection and the statements that read a source's rows."""

    def __init__(self, connection: sqlalchemy.Connection, params: SqlParams) -> None:
        self._connection = connection
        self._params = params

    def columns(self) -> list[str]:
        """The names of all columns. Raises DataError (YT702) when two are alike."""
        with self._run(f"SELECT * FROM {self._rows()} WHERE 1 = 0", 1) as result:  # noqa: S608  names are quoted, a query is the recipe's
            names = list(result.keys())
        for position, name in enumerate(names):
            if name in names[:position]:
                raise DataError("YT702", f'two columns of the query are called "{name}"', "give one another name: SELECT … AS name")
        return names

    def count(self) -> int:
        """The number of rows."""
        with self._run(f"SELECT COUNT(*) FROM {self._rows()}", 1) as result:  # noqa: S608  as above
            return int(result.scalar_one())

    def rows(self, columns: Sequence[str]) -> Generator[Sequence[Sequence[Any]], None, None]:
        """All rows in their order with these columns, in batches, through a cursor on the server where there is one."""
        names, order = (", ".join(map(self._quoted, listed)) for listed in (columns, self._params.order))
        statement = f"SELECT {names} FROM {self._rows()} ORDER BY {order}"  # noqa: S608  as above
        with self._run(statement, self._params.batch_rows) as result:
            yield from result.partitions(self._params.batch_rows)

    def _run(self, statement: str, batch: int) -> sqlalchemy.CursorResult[Any]:
        literal = re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", statement)  # a colon is no parameter of ours
        options = {"stream_results": True, "max_row_buffer": batch}
        return self._connection.execute(sqlalchemy.text(literal), execution_options=options)

    def _rows(self) -> str:
        """What stands after FROM."""
        params = self._params
        if params.query is not None:
            return f"(\n{params.query.strip().rstrip(';')}\n) ymltrain_rows"
        return ".".join(self._quoted(name) for name in (params.schema, params.table) if name is not None)

    def _quoted(self, name: str) -> str:
        signs = self._connection.dialect.identifier_preparer
        return signs.initial_quote + name.replace(signs.escape_quote, signs.escape_to_quote) + signs.final_quote


@contextmanager
def open_database(params: SqlParams) -> Iterator[Reading]:
    """A connection that reads; whatever the database says meanwhile becomes a DataError."""
    url = _parse(params.url)
    try:
        engine = sqlalchemy.create_engine(url, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                yield Reading(connection, params)
        finally:
            engine.dispose()
    except ModuleNotFoundError as error:
        driver = str(error.name)
        raise DataError(
            "YT740", f"{_shown(url)} needs {driver}, which is not installed", f"pip install {DRIVERS.get(driver, driver)}"
        ) from None
    except sqlalchemy.exc.NoSuchModuleError:
        hint = "SQLAlchemy knows postgresql, mysql, sqlite, oracle and mssql; others come with a dialect's own distribution"
        raise DataError("YT750", f'{_shown(url)}: there is no dialect "{url.drivername}" here', hint) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise _refused(url, error) from None


def _parse(text: str) -> sqlalchemy.URL:
    try:
        url = sqlalchemy.make_url(text)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        hint = "it is dialect://user:password@host/database; signs such as @ and / in a password are written %40 and %2F"
        raise DataError("YT750", "the datasource's `url` is no SQLAlchemy URL", hint) from None
    file = url.database
    if url.get_backend_name() == "sqlite" and file and not file.startswith((":", "file:")) and not Path(file).is_file():
        raise DataError("YT700", f"there is no file {file}", f"a path is relative to the current folder, {Path.cwd()}")
    return url


def _shown(url: sqlalchemy.URL) -> str:
    """The URL without user, password and options."""
    return sqlalchemy.URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()


def _refused(url: sqlalchemy.URL, error: sqlalchemy.exc.SQLAlchemyError) -> DataError:
    said = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    detail = said[0]
    for secret in filter(None, (url.password, *map(str, url.query.values()))):
        detail = detail.replace(str(secret), "***")
    return DataError(
        "YT750", f"{_shown(url)}: {detail}", "check the URL, the table or query, and the rights of the user that reads"
    )
