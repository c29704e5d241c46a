"""What an error of an SQL database means: whether another try can succeed, and the part of its text that holds no secret."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

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
    "syntax error",
)


def refused(error: SQLAlchemyError) -> bool:
    """Whether the database refused, and would again; else it did not answer, or the connection broke."""
    if not isinstance(error, DBAPIError):
        return True
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    if state:
        return str(state).startswith(REFUSALS)
    if type(error).__name__ in ("DataError", "IntegrityError", "ProgrammingError", "NotSupportedError"):
        return True
    return any(words in first_line(error) for words in REFUSAL_WORDS)


def first_line(error: SQLAlchemyError) -> str:
    """The driver's message, without the statement, and without the details that quote values of a row."""
    said = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
    return next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)[:300]
