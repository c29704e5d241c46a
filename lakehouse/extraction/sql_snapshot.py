"""One read of an SQL database that sees it as it was at one instant, writes nothing, and is prepared to give values exactly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from lakehouse.errors import SourceRefused
from lakehouse.extraction import postgres_texts, sqlite_instants


@contextmanager
def opened(engine: Engine, zone: ZoneInfo, calendar: ZoneInfo) -> Iterator[Connection]:
    """A connection in one read-only transaction, which is rolled back at the end.

    PostgreSQL and SQLite are asked for both by name; another database for the strictest isolation that it has of repeatable
    reads.

    Args:
        engine: of the database.
        zone: the clock of instants without a zone.
        calendar: the time zone whose midnight starts a day.
    """
    kind = engine.dialect.name
    if kind == "sqlite":
        _file_is_there(engine)
    with engine.connect() as connection:
        if kind == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            postgres_texts.prepare(connection, zone)
        elif kind == "sqlite":
            sqlite_instants.prepare(connection, zone, calendar)
        else:
            levels = engine.dialect.get_isolation_level_values(connection.connection.dbapi_connection)  # type: ignore[arg-type]
            if level := next((one for one in ("REPEATABLE READ", "SNAPSHOT", "SERIALIZABLE") if one in levels), None):
                connection = connection.execution_options(isolation_level=level)
        yield connection


def _file_is_there(engine: Engine) -> None:
    """SQLite makes a file that is not there, and says that it has no tables."""
    file = engine.url.database
    if file and file != ":memory:" and not file.startswith("file:") and not os.path.isfile(file):
        raise SourceRefused(
            f"expected an SQLite database in the file {file}, found none: correct the connection, or the folder of the job"
        )
