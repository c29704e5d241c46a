"""What MongoDB's driver raises, as named errors: what was expected, what was found, what to do, and never a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from lakehouse.errors import NightjarError, SourceRefused, SourceUnavailable

# AuthenticationFailed, Unauthorized, and what Atlas says for either.
REFUSALS = frozenset({13, 18, 8000})


@contextmanager
def named(what: str) -> Iterator[None]:
    """Give what the driver raises within a name of ours; ``what`` says what was read, such as ``source planes``."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise _named(what, error) from error


def _named(what: str, error: Exception) -> NightjarError:
    found = _first_line(error)
    if isinstance(error, OperationFailure) and error.code in REFUSALS:
        return SourceRefused(
            f"{what}: expected MongoDB to let us in, found: {found}; nothing has landed: mend user, password or role in "
            "the connection mongo_default (outside Airflow: MONGO_URI)"
        )
    if isinstance(error, ConnectionFailure):
        return SourceUnavailable(
            f"{what}: expected an answer from MongoDB, found: {found}; nothing has landed: when the server is back, run again"
        )
    if isinstance(error, BSONError):
        return SourceRefused(
            f"{what}: expected documents, found one that can't be decoded: {found}; nothing has landed"
        )
    return SourceUnavailable(f"{what}: expected an answer from MongoDB, found: {found}; nothing has landed: run again")


def _first_line(error: Exception) -> str:
    """The driver's message, without the description of every server that follows it. It never holds a password."""
    told = (error.details or {}).get("errmsg") if isinstance(error, OperationFailure) else None
    text = str(told or error)
    text = text.partition(", Timeout:")[0].partition(" (configured timeouts:")[0]
    return next(iter(text.splitlines()), "")[:300] or type(error).__name__
