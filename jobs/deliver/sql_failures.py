"""Errors of SQL databases as named errors: what was expected, what was found, what to do; no password, no values of a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from lakehouse.connections import sql_failures
from lakehouse.errors import NightjarError, TargetRefused, TargetUnavailable


@contextmanager
def named(what: str) -> Iterator[None]:
    """Turn errors of the database within into named errors; ``what`` says what is delivered where."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _named(what, error) from None


def _named(what: str, error: SQLAlchemyError) -> NightjarError:
    found = sql_failures.first_line(error)
    if sql_failures.refused(error):
        return TargetRefused(
            f"{what}: expected the database to take the rows, found: {found}; it has what it had before: correct the login's "
            "rights, the table or the declared target, and deliver again"
        )
    return TargetUnavailable(
        f"{what}: expected an answer from the database, found: {found}; it has what it had before, or all of the day: "
        "when it is back, deliver again"
    )
