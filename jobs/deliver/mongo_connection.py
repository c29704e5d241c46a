"""The client of a MongoDB target, and its errors as named errors, never with an address or a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError

from lakehouse import settings
from lakehouse.errors import ConnectionWrong, NightjarError, TargetRefused, TargetUnavailable
from lakehouse.extraction.connection import LOOK_FOR_MS
from lakehouse.extraction.failures import REFUSALS
from lakehouse.settings import named_connection

# A document that the collection's validation refuses, and names that MongoDB does not take.
REFUSED_DOCUMENT = frozenset({2, 20, 73, 121})


@contextmanager
def client(connection: str | None) -> Iterator[MongoClient[dict[str, Any]]]:
    """The client of a named connection, or of ``MONGO_URI``.

    Raises:
        ConnectionWrong: when its address is not set, or is none.
    """
    variable = "MONGO_URI" if connection is None else named_connection.variable(connection)
    uri = settings.load().mongo_uri if connection is None else named_connection.address(connection)
    if not uri:
        raise ConnectionWrong(
            f"connection {connection or 'mongo_default'}: expected the address of a MongoDB server in {variable}, such as "
            "mongodb://user:password@host:27017/, it is not set; inside Airflow: add the connection"
        )
    options: dict[str, Any] = (
        {} if "serverselectiontimeoutms" in uri.lower() else {"serverSelectionTimeoutMS": LOOK_FOR_MS}
    )
    try:
        made: MongoClient[dict[str, Any]] = MongoClient(uri, appname="nightjar", **options)
    except (InvalidURI, ConfigurationError, ValueError, TypeError) as error:
        # Neither the driver's words nor its error as the cause: they quote the address, and so the password.
        raise ConnectionWrong(
            f"{variable}: expected mongodb://user:password@host:port/ percent-encoded, found something "
            f"else ({type(error).__name__}); its text is not shown"
        ) from None
    with made:
        yield made


@contextmanager
def named(what: str) -> Iterator[None]:
    """Turn errors of the driver within into named errors; ``what`` says what is delivered where."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise _named(what, error) from None


def _named(what: str, error: Exception) -> NightjarError:
    details = (error.details or {}) if isinstance(error, OperationFailure) else {}
    problem = next(iter(details.get("writeErrors", [])), details)
    text = str(problem.get("errmsg") or error).partition(", Timeout:")[0].partition(" (configured timeouts:")[0]
    found = next(iter(text.splitlines()), "")[:300] or type(error).__name__
    code = problem.get("code", getattr(error, "code", None))
    if code in REFUSALS | REFUSED_DOCUMENT or isinstance(error, BSONError):
        return TargetRefused(
            f"{what}: expected MongoDB to take the documents, found: {found}; correct the login's role or the collection, and "
            "deliver again"
        )
    return TargetUnavailable(
        f"{what}: expected an answer from MongoDB, found: {found}; each document is whole, the next delivery completes the day: "
        "when the server is back, deliver again"
    )
