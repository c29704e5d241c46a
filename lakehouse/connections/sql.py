"""SQLAlchemy engines of named connections. Neither an address nor a password is ever in an error or a log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from lakehouse.errors import ConnectionWrong
from lakehouse.settings import named_connection

# Names of databases as people and Airflow write them, and SQLAlchemy's. Since 2.1 its "postgresql" alone means a driver that
# is not installed here.
DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
}

# How long to wait for a server, in s, and for another writer of an SQLite file.
CONNECT_SECONDS = 10
BUSY_SECONDS = 30

# A server that is gone without a word is noticed within a minute, also in the middle of a query.
POSTGRESQL: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "nightjar",
}


def engine(name: str) -> Engine:
    """The engine of the connection ``name``; no call is made yet. Who asks for it disposes of it.

    Its connections are not pooled: a job is short, and a connection that waits for its next use may be dead by then.

    Args:
        name: of the connection: in a declaration ``connection: <name>``. Inside Airflow the Airflow connection of that name;
            outside it an address in the environment, ``NIGHTJAR_CONNECTION_<NAME>``.

    Raises:
        ConnectionWrong: when it is not set, is no address, or needs a driver that is not installed.
    """
    address = named_connection.address(name)
    variable = named_connection.variable(name)
    if not address:
        raise ConnectionWrong(
            f"connection {name}: expected the address of a database in {variable}, such as postgresql://user:password@host/name "
            f"or sqlite:///folder/file.db, it is not set; inside Airflow: add a connection {name}"
        )
    try:
        url = with_driver(make_url(address))
        # Values of rows belong into no error either.
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_options(url))
    # Neither SQLAlchemy's words nor its error as the cause: they quote the address, and so the password.
    except (ImportError, NoSuchModuleError):
        raise ConnectionWrong(
            f"connection {name} ({variable}): expected a database whose driver is installed, such as postgresql:// or sqlite://, "
            f"found {url.drivername!r}: install its driver for SQLAlchemy in the environment of the jobs"
        ) from None
    except (ArgumentError, ValueError, TypeError) as error:
        raise ConnectionWrong(
            f"connection {name} ({variable}): expected an address such as postgresql://user:password@host/name, with user and "
            f"password percent-encoded, found something else ({type(error).__name__}); its text is not shown"
        ) from None


def with_driver(url: URL) -> URL:
    """The address with the driver that is installed, where it names a database alone."""
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def _options(url: URL) -> dict[str, Any]:
    backend = url.get_backend_name()
    if backend == "postgresql":
        # What the address itself says comes first.
        return {name: value for name, value in POSTGRESQL.items() if name not in url.query}
    return {"timeout": BUSY_SECONDS} if backend == "sqlite" else {}
