"""Rows in a table of an SQL database: found and deleted by their values."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from jobs.deliver import sql_failures, sql_table, sql_target
from jobs.erase.delivered import counted
from jobs.erase.delivered.counted import TakenOut
from jobs.erase.wanted_rows import WantedRows
from jobs.publish import sql_server
from lakehouse import tables
from lakehouse.connections import sql
from lakehouse.declaration import Column, FeatureGroup, SqlServing, SqlTarget
from lakehouse.errors import TargetRefused

log = logging.getLogger(__name__)

AT_ONCE = 200


class SqlRows:
    """Rows of a table that is delivered to, and the notes beside it."""

    def __init__(self, place: SqlTarget, columns: Sequence[Column], key: Sequence[str], notes: sa.Table) -> None:
        self._connection = place.connection
        self._table = sql_table.target_table(place.table, place.db_schema, columns, key)
        self._notes = notes
        self._what = f"erasure from {place.address}"

    def count(self, wanted: WantedRows) -> int:
        """How many rows of the table are meant."""
        with self._opened() as connection:
            return 0 if connection is None else sum(1 for _ in self._rows(connection, wanted))

    def those(self, wanted: WantedRows) -> TakenOut:
        """The rows that are meant, by day."""
        with self._opened() as connection:
            return TakenOut() if connection is None else counted.of(self._rows(connection, wanted), self._names)

    def delete(self, wanted: WantedRows) -> TakenOut:
        """Delete them, and correct the notes, in one transaction; then have the database give up the place where they were.

        Raises:
            TargetUnavailable, TargetRefused: with the reason; then all are there.
        """
        with self._opened() as connection:
            if connection is None:
                return TakenOut()
            self._forget_bytes(connection)
            with connection.begin():
                self._lock(connection)
                taken = counted.of(self._rows(connection, wanted), self._names)
                for part in self._conditions(wanted):
                    connection.execute(sa.delete(self._table).where(part))
                self._correct(connection, taken)
            self._shrink(connection)
            return taken

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self._table.columns]

    @contextmanager
    def _opened(self) -> Iterator[sa.Connection | None]:
        """A connection; None where the table is not there."""
        engine = sql_target.in_transactions(sql.engine(self._connection))
        try:
            with sql_failures.named(self._what), engine.connect() as connection:
                with connection.begin():
                    there = sa.inspect(connection).has_table(self._table.name, schema=self._table.schema)
                yield connection if there else None
        finally:
            engine.dispose()

    def _rows(self, connection: sa.Connection, wanted: WantedRows) -> Iterator[tuple[Any, ...]]:
        seen = set()
        for part in self._conditions(wanted):
            for row in connection.execute(sa.select(*self._table.columns).where(part)):
                values = tuple(map(sql_target.in_utc, row))
                # A row may be meant by two conditions.
                if values not in seen:
                    seen.add(values)
                    yield values

    def _conditions(self, wanted: WantedRows) -> Iterator[Any]:
        for begin in range(0, len(wanted.conditions), AT_ONCE):
            some = wanted.conditions[begin : begin + AT_ONCE]
            yield sa.or_(*(sa.and_(*(self._table.c[name] == value for name, value in one.items())) for one in some))

    def _lock(self, connection: sa.Connection) -> None:
        if not sa.inspect(connection).has_table(self._notes.name, schema=self._notes.schema):
            return
        mine = self._notes.c.table_name == self._table.name.lower()
        connection.execute(sa.select(self._notes.c.table_name).where(mine).with_for_update())

    def _correct(self, connection: sa.Connection, taken: TakenOut) -> None:
        """Write down how many rows of each day are left."""
        if not sa.inspect(connection).has_table(self._notes.name, schema=self._notes.schema):
            return
        columns = self._notes.c
        mine = columns.table_name == self._table.name.lower()
        if "checksum" not in columns:
            connection.execute(sa.update(self._notes).where(mine).values(rows=columns.rows - taken.rows))
            return
        for day, rows in taken.days.items():
            of_day = sa.and_(mine, columns.partition == day)
            found = connection.execute(sa.select(columns.rows, columns.checksum).where(of_day)).first()
            if found is not None and found.checksum:
                values: Mapping[str, Any] = {
                    "rows": found.rows - rows.rows,
                    "checksum": counted.less(found.checksum, rows),
                }
                connection.execute(sa.update(self._notes).where(of_day).values(values))

    def _forget_bytes(self, connection: sa.Connection) -> None:
        if connection.dialect.name == "sqlite":
            # Else deleted rows stay in the file until their place is used again.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.cursor().execute("PRAGMA secure_delete = ON")

    def _shrink(self, connection: sa.Connection) -> None:
        """Have the database write its table, and SQLite its file, without the deleted rows."""
        statements = {
            "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
            "postgresql": (f"VACUUM {connection.dialect.identifier_preparer.format_table(self._table)}",),
        }
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            if connection.dialect.name == "postgresql":
                driver.autocommit = True
            for statement in statements.get(connection.dialect.name, ()):
                driver.cursor().execute(statement)
        except connection.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            first = next(iter(str(error).splitlines()), "")
            raise TargetRefused(
                f"{self._what}: its rows are deleted, and expected the database to give up their place, found: {first}; "
                "nobody else may write while it does, and the login has to own the table: erase again, or vacuum it by hand"
            ) from None


def of_target(place: SqlTarget, columns: Sequence[Column], key: Sequence[str]) -> SqlRows:
    """The rows of a table that decisions are delivered to."""
    return SqlRows(place, columns, key, sql_table.marker_table(place.db_schema))


def of_group(group: FeatureGroup, place: SqlServing) -> SqlRows:
    """The rows of a table that serves a feature group."""
    return SqlRows(place, tables.served_columns(group), group.key_names, sql_server.note_table(place.db_schema))
