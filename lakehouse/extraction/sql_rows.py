"""The rows of a table, or of a query, that belong to a window, as lines in an order that is the same every time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    collate,
    column,
    false,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy import text as sql_text

from lakehouse.declaration import Source, Sql
from lakehouse.errors import SourceRefused
from lakehouse.extraction import local_instants, row_line, sql_dates
from lakehouse.extraction.extraction_window import ExtractionWindow
from lakehouse.value_text import text_of

# What the rows are called in our statements.
ROWS = "nightjar_rows"

ToText = Callable[[Any], str | None]


class SqlRows:
    """The rows of one window, read in one transaction; ``undated`` counts those that have no date, once they were read.

    Args:
        connection: in the transaction.
        source: whose contract names the columns.
        sql: what is read.
        calendar: the time zone whose midnight starts a day.

    Raises:
        SourceRefused: when columns of the contract, or the one that dates a row, are not there.
    """

    def __init__(self, connection: Connection, source: Source, sql: Sql, calendar: ZoneInfo) -> None:
        self._connection = connection
        self._sql = sql
        self._rows = _rows(sql)
        found: CursorResult[Any] = connection.execute(
            select(literal_column("*")).select_from(self._rows).where(false())
        )
        types = [part[1] for part in found.cursor.description] if found.cursor is not None else []
        self._names = list(found.keys())
        found.close()
        self._check(source)
        self._types = dict(zip(self._names, types, strict=True))
        self._calendar = calendar
        self._texts = [self._to_text(source, name) for name in self._names]
        self._key = [column.delivered_name for column in source.columns if column.name in source.key]
        self.undated = 0

    def lines(self, window: ExtractionWindow) -> Iterator[bytes]:
        """The lines of the rows that changed in the window, those without a date before the others; or of its days; or all."""
        name = self._sql.dated_by
        if name is None:
            yield from self._read(None)
            return
        dated = sql_dates.of(self._connection, self._rows, self._sql, name, self._types[name], self._calendar)
        if self._sql.partition_column is not None:
            counted = select(func.count()).select_from(self._rows).where(dated.undated)
            self.undated = self._connection.execute(counted).scalar_one()
        else:
            for line in self._read(dated.undated):
                self.undated += 1
                yield line
        yield from self._read(dated.within(window), dated.value)

    def _read(self, condition: ColumnElement[bool] | None, *first: ColumnElement[Any]) -> Iterator[bytes]:
        statement: Any = select(*(column(name) for name in self._names)).select_from(self._rows)
        if condition is not None:
            statement = statement.where(condition)
        statement = statement.order_by(*first, *map(column, self._key), *self._ties())
        streamed = self._connection.execution_options(stream_results=True, yield_per=self._sql.batch_rows)
        for row in streamed.execute(statement):
            yield row_line.of_texts(
                {name: to_text(value) for name, to_text, value in zip(self._names, self._texts, row, strict=True)}
            )

    def _ties(self) -> list[ColumnElement[Any]]:
        """What orders rows of one key and one date. Not every type of PostgreSQL has an order, but every row a text."""
        if self._connection.dialect.name == "postgresql":
            return [collate(literal_column(f"CAST({ROWS} AS text)"), "C")]
        return [column(name) for name in self._names if name not in self._key]

    def _to_text(self, source: Source, name: str) -> ToText:
        kind = next((one.type for one in source.columns if one.delivered_name == name), None)
        zone = ZoneInfo(self._sql.timezone)
        numbers = kind == "boolean" and self._connection.dialect.name != "postgresql"

        def to_text(value: Any) -> str | None:
            # A database without truths keeps them as 0 and 1.
            if numbers and isinstance(value, int) and value in (0, 1):
                value = bool(value)
            try:
                text = text_of(value)
            except TypeError as error:
                raise SourceRefused(f"column {name}: {error}; CAST it in a query") from None
            if text is None or zone.key == "UTC" or not (kind == "timestamp" or _is_naive(value)):
                return text
            return local_instants.in_utc(text, zone)

        return to_text

    def _check(self, source: Source) -> None:
        if repeated := sorted({name for name in self._names if self._names.count(name) > 1}):
            raise SourceRefused(
                f"expected columns of different names, found twice: {', '.join(repeated)}; name them by AS"
            )
        wanted = [one.delivered_name for one in source.columns] + [name for name in [self._sql.dated_by] if name]
        if missing := [name for name in dict.fromkeys(wanted) if name not in self._names]:
            like = {name: [one for one in self._names if _letters(one) == _letters(name)] for name in missing}
            hint = "".join(f"; is {name} meant by field: {found[0]}?" for name, found in like.items() if found)
            raise SourceRefused(
                f"expected the column(s) {', '.join(missing)}, found {', '.join(self._names) or 'none'}{hint}; capitals count"
            )


def _rows(sql: Sql) -> FromClause:
    if sql.table is not None:
        return table(sql.table, schema=sql.db_schema).alias(ROWS)
    # A colon would be a parameter; a comment at the end would hide the parenthesis.
    query = re.sub(":", r"\\:", sql.select)
    return sql_text(f"{query}\n").columns().subquery(ROWS)


def _is_naive(value: Any) -> bool:
    return getattr(value, "tzinfo", 0) is None and hasattr(value, "hour") and hasattr(value, "year")


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
