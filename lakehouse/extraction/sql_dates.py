"""The column that says to which delivery a row belongs, compared with the instants of a window as its type is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Date, DateTime, FromClause, and_, bindparam, column, func, or_, select

from lakehouse.declaration import Sql
from lakehouse.errors import SourceRefused
from lakehouse.extraction import postgres_texts, sqlite_instants
from lakehouse.extraction.extraction_window import ExtractionWindow

WANTED = "expected a column of dates or timestamps (in a query: CAST it)"


@dataclass(frozen=True)
class Dated:
    """A column as a value that has an order.

    Attributes:
        value: what rows are compared and ordered by.
        undated: whether a row has no such value, or one that no window has.
        bound: an instant as what ``value`` is compared with.
    """

    value: ColumnElement[Any]
    undated: ColumnElement[bool]
    bound: Callable[[dt.datetime], ColumnElement[Any]]

    def within(self, window: ExtractionWindow) -> ColumnElement[bool]:
        """Whether a row belongs to the window."""
        before = self.value < self.bound(window.until)
        inside = before if window.since is None else and_(self.value >= self.bound(window.since), before)
        return and_(inside, ~self.undated)


def of(connection: Connection, rows: FromClause, sql: Sql, name: str, type_code: Any, calendar: ZoneInfo) -> Dated:
    """The column ``name`` of ``rows``.

    A date is the local midnight that starts it; an instant without a zone is the clock of the declared time zone.

    Raises:
        SourceRefused: when its type has no instants.
    """
    found: ColumnElement[Any] = column(name)
    zone = ZoneInfo(sql.timezone)
    if connection.dialect.name == "sqlite":
        _has_texts(connection, rows, name)
        instant = getattr(func, sqlite_instants.FUNCTION)(found)
        return Dated(instant, instant.is_(None), lambda at: bindparam(None, sqlite_instants.since_epoch(at)))
    kind = (
        _kind_by_number(type_code)
        if connection.dialect.name == "postgresql"
        else _kind_by_value(connection, rows, name)
    )
    if kind is None:
        raise SourceRefused(f"{name}: {WANTED}, found another type ({_type_name(connection, type_code)})")
    undated: ColumnElement[bool] = found.is_(None)
    if connection.dialect.name == "postgresql":
        undated = or_(undated, ~func.isfinite(found))
    if kind == "date":
        return Dated(found, undated, lambda at: bindparam(None, at.astimezone(calendar).date(), type_=Date()))
    if kind == "naive":
        return Dated(
            found, undated, lambda at: bindparam(None, at.astimezone(zone).replace(tzinfo=None), type_=DateTime())
        )
    return Dated(found, undated, lambda at: bindparam(None, at, type_=DateTime(timezone=True)))


def _kind_by_number(type_code: Any) -> str | None:
    kinds = {postgres_texts.DATE: "date", postgres_texts.TIMESTAMP: "naive", postgres_texts.TIMESTAMPTZ: "instant"}
    return kinds.get(type_code)


def _kind_by_value(connection: Connection, rows: FromClause, name: str) -> str | None:
    """What a database whose types have no common numbers gives for a column; of one without values any kind will do."""
    found: ColumnElement[Any] = column(name)
    value = connection.execute(select(found).select_from(rows).where(found.is_not(None)).limit(1)).scalar()
    if value is None:
        return "naive"
    if isinstance(value, dt.datetime):
        return "naive" if value.tzinfo is None else "instant"
    return "date" if isinstance(value, dt.date) else None


def _has_texts(connection: Connection, rows: FromClause, name: str) -> None:
    kind = func.typeof(column(name))
    statement = select(kind).select_from(rows).where(kind.in_(("integer", "real", "blob"))).limit(1)
    if other := connection.execute(statement).scalar():
        raise SourceRefused(
            f"{name}: {WANTED}, as texts such as 2024-03-01 12:30:00; found a value of SQLite's type {other}: in a query, "
            f"datetime({name}, 'unixepoch') makes a text of seconds since 1970"
        )


def _type_name(connection: Connection, type_code: Any) -> str:
    if connection.dialect.name != "postgresql":
        return str(type_code)
    return str(connection.execute(select(func.format_type(type_code, None))).scalar())
