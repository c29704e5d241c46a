"""Errors of SQL databases as named errors: what was expected, what was found, what to do; no password, no values of a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lakehouse.errors import NightjarError, TargetRefused, TargetUnavailable

# Classes of SQLSTATE that another try can't clear: data, integrity, login, missing objects and rights, a read-only transaction.
REFUSALS = ("22", "23", "25006", "28", "3D", "3F", "42", "0A")
# Where the driver gives no SQLSTATE: PostgreSQL's refusals to connect, and SQLite's.
REFUSAL_WORDS = (
    "password authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied",
    "unable to open database file",
    "readonly database",
    "file is not a database",
    "no such table",
    "no such column",
    "has no column named",
    "values for column",
)


@contextmanager
def named(what: str) -> Iterator[None]:
    """Turn errors of the database within into named errors; ``what`` says what is delivered where."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _named(what, error) from None


def _named(what: str, error: SQLAlchemyError) -> NightjarError:
    found = _first_line(error)
    if not isinstance(error, DBAPIError) or _refused(error, found):
        return TargetRefused(
            f"{what}: expected the database to take the rows, found: {found}; it has what it had before: correct the login's "
            "rights, the table or the declared target, and deliver again"
        )
    return TargetUnavailable(
        f"{what}: expected an answer from the database, found: {found}; it has what it had before, or all of the day: "
        "when it is back, deliver again"
    )


def _refused(error: DBAPIError, found: str) -> bool:
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state:
        return str(state).startswith(REFUSALS)
    if type(error).__name__ in ("DataError", "IntegrityError", "ProgrammingError", "NotSupportedError"):
        return True
    return any(words in found for words in REFUSAL_WORDS)


def _first_line(error: SQLAlchemyError) -> str:
    """The driver's message, without the statement, and without the details that quote values of a row."""
    said = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
    return next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)[:300]
