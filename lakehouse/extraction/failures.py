"""Errors of MongoDB's driver as named errors: what was expected, what was found, what to do, and never a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from lakehouse.errors import NightjarError, SourceRefused, SourceUnavailable

# AuthenticationFailed, Unauthorized, and Atlas' code for either.
REFUSALS = frozenset({13, 18, 8000})


@contextmanager
def named(what: str) -> Iterator[None]:
    """Turn errors of the driver within into named errors; ``what`` says what is read, such as ``source stores``."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise _named(what, error) from error


def _named(what: str, error: Exception) -> NightjarError:
    reason = _first_line(error)
    if isinstance(error, OperationFailure) and error.code in REFUSALS:
        return SourceRefused(
            f"{what}: expected MongoDB to accept the login, found: {reason}; nothing has landed: correct user, password or role in "
            "the connection mongo_default (outside Airflow: MONGO_URI)"
        )
    if isinstance(error, ConnectionFailure):
        return SourceUnavailable(
            f"{what}: expected an answer from MongoDB, found: {reason}; nothing has landed: when the server is back, run again"
        )
    if isinstance(error, BSONError):
        return SourceRefused(
            f"{what}: expected documents, found one that can't be decoded: {reason}; nothing has landed"
        )
    return SourceUnavailable(f"{what}: expected an answer from MongoDB, found: {reason}; nothing has landed: run again")


def _first_line(error: Exception) -> str:
    """The driver's message, without the description of every server that follows it. It never holds a password."""
    message = (error.details or {}).get("errmsg") if isinstance(error, OperationFailure) else None
    text = str(message or error)
    text = text.partition(", Timeout:")[0].partition(" (configured timeouts:")[0]
    return next(iter(text.splitlines()), "")[:300] or type(error).__name__
