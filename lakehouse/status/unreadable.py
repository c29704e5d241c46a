"""A table that can't be read: which, what is wrong with it, and what to do, in words for a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from deltalake.exceptions import DeltaError

from lakehouse.errors import NightjarError
from lakehouse.tables import Table

log = logging.getLogger(__name__)

Read = TypeVar("Read")

RESTORE = (
    "Restore the table from the backup, or build its days again. The log of Airflow's API server has the error in full."
)


@dataclass(frozen=True)
class Unreadable:
    """A table that can't be read.

    Attributes:
        table: its name in SQL.
        why: what is wrong, in a few words.
        todo: what to do.
    """

    table: str
    why: str
    todo: str = RESTORE


def guarded(table: Table, read: Callable[[], Read]) -> Read | Unreadable:
    """What ``read`` returns, or that the table can't be read. The error itself is in the log: it may name places.

    Args:
        table: which is read.
        read: reads it.
    """
    try:
        return read()
    # Whatever a damaged log or file makes of its reader: one table must not take the others' answers away.
    except Exception as error:
        log.exception("%s can't be read", table.full_name)
        return Unreadable(table.full_name, _why(error), _todo(error))
    except BaseException as error:
        # What delta-rs makes of a log that it did not expect is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        log.exception("%s can't be read", table.full_name)
        return Unreadable(table.full_name, "its log is damaged")


def _why(error: Exception) -> str:
    if isinstance(error, NightjarError):
        return str(error).partition("(")[0].strip()
    if isinstance(error, FileNotFoundError):
        return "a file of it is missing"
    if isinstance(error, DeltaError):
        return "its log is damaged"
    if isinstance(error, PermissionError):
        return "it may not be read by the user that Airflow's API server runs as"
    return "a file of it is damaged"


def _todo(error: Exception) -> str:
    if isinstance(error, NightjarError):
        return "The message says what to do; nothing is lost."
    if isinstance(error, PermissionError):
        return "Give that user the right to read it."
    return RESTORE
