"""Instants in SQLite, which has no type for them: texts of the one grammar, compared by a function of ours."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lakehouse.value_text import DAY, INSTANT

FUNCTION = "nightjar_instant"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_DAY, _INSTANT = re.compile(DAY), re.compile(INSTANT)


def prepare(connection: Connection, zone: ZoneInfo, calendar: ZoneInfo) -> None:
    """Begin a transaction that writes nothing, and make the function known."""
    raw = connection.connection.driver_connection
    assert raw is not None
    # A text may hold bytes that are no UTF-8: ingest rejects its row, and the others are read.
    raw.text_factory = lambda found: found.decode("utf-8", "surrogateescape")
    raw.create_function(FUNCTION, 1, lambda value: microseconds(value, zone, calendar), deterministic=True)
    connection.exec_driver_sql("PRAGMA query_only = ON")
    # The driver begins transactions for writes alone, and two questions have to see the same rows.
    connection.exec_driver_sql("BEGIN")


def microseconds(value: object, zone: ZoneInfo, calendar: ZoneInfo) -> int | None:
    """A text that is an instant, or a day (the local midnight that starts it), since 1970; None for all else."""
    if not isinstance(value, str):
        return None
    try:
        if _DAY.match(value):
            instant = dt.datetime.fromisoformat(value).replace(tzinfo=calendar)
        elif _INSTANT.match(value):
            instant = dt.datetime.fromisoformat(value)
            instant = instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)
        else:
            return None
        return since_epoch(instant)
    except (ValueError, OverflowError):
        return None


def since_epoch(instant: dt.datetime) -> int:
    """An instant in microseconds since 1970."""
    return (instant - EPOCH) // dt.timedelta(microseconds=1)
