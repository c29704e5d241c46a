"""A table of an SQL database as target: a day is replaced in one transaction, whatever is killed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from jobs.deliver import sql_failures, sql_table
from jobs.deliver.marker import Marker
from jobs.deliver.sql_day import SqlDay
from lakehouse.connections import sql
from lakehouse.declaration import Column, SqlTarget
from lakehouse.errors import TargetRefused

LOCK_TIMEOUT = "5min"
READ_ROWS = 5000


class SqlPlace:
    """A table, and beside it the table of notes, nightjar_exports."""

    def __init__(
        self, use_case: str, target: str, place: SqlTarget, columns: Sequence[Column], key: Sequence[str]
    ) -> None:
        self._owner = {"use_case": use_case, "target": target}
        self._connection = place.connection
        self._columns = columns
        self._table = sql_table.target_table(place.table, place.db_schema, columns, key)
        self._markers = sql_table.marker_table(place.db_schema)
        self._what = (
            f"delivery of {use_case} to {target}, table {self._table.fullname} of the connection {place.connection}"
        )

    @contextmanager
    def held(self, day: dt.date) -> Iterator[SqlDay]:
        """The day, in a transaction that holds its note's row."""
        engine = in_transactions(sql.engine(self._connection))
        try:
            with sql_failures.named(self._what), engine.connect() as connection:
                sql_table.ensure(connection, (self._markers, self._table))
                with connection.begin():
                    inspector = sa.inspect(connection)
                    sql_table.refuse_unfit(inspector, self._table, self._what)
                    keyed = sql_table.has_key(inspector, self._table)
                with connection.begin() as transaction:
                    note = self._lock(connection, day)
                    yield SqlDay(connection, transaction, self._table, self._columns, self._markers, day, note, keyed)
        finally:
            engine.dispose()

    def stored(self, value: Any) -> Any:
        """Every value is held as it is."""
        return value

    def there(self, day: dt.date) -> Iterator[tuple[Any, ...]]:
        """The table's rows of the day, by a cursor of the server's where it has one."""
        engine = sql.engine(self._connection)
        statement = sa.select(*self._table.columns).where(self._table.c.partition == day)
        try:
            with sql_failures.named(self._what):
                if not sa.inspect(engine).has_table(self._table.name, schema=self._table.schema):
                    return
                with engine.connect().execution_options(yield_per=READ_ROWS) as connection:
                    for row in connection.execute(statement):
                        yield tuple(map(in_utc, row))
        finally:
            engine.dispose()

    def _lock(self, connection: sa.Connection, day: dt.date) -> Marker | None:
        """Lock the day's note, made when it is missing, so that of two runs one waits for the other.

        Raises:
            TargetRefused: when another use case or target has the table.
        """
        table = self._markers.c
        # Some databases take names that differ in their case for one.
        name = self._table.name.lower()
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        others = sa.or_(*(table[column] != value for column, value in self._owner.items()))
        owner = connection.execute(
            sa.select(table.use_case, table.target).where(table.table_name == name, others).limit(1)
        ).first()
        if owner is not None:
            raise TargetRefused(
                f"{self._what}: expected a table of its own, found one that {owner.use_case} delivers to as {owner.target}, by its "
                f"rows in {self._markers.fullname}; nothing was sent: choose another table, or, when the target was renamed, "
                "update its name there"
            )
        empty = {"fingerprint": "", "scores_version": -1, "rows": 0, "checksum": "", "model_versions": "[]"}
        line = {"table_name": name, "partition": day, "sent_at": dt.datetime.now(dt.UTC), **self._owner, **empty}
        # An insertion waits for another run's: then it fails, and the row is there to be locked.
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(self._markers).values(line))
        except sa.exc.IntegrityError:
            pass
        mine = sa.and_(table.table_name == name, table.partition == day)
        row = connection.execute(sa.select(self._markers).where(mine).with_for_update()).one()
        if not row.fingerprint:
            return None
        return Marker(
            fingerprint=row.fingerprint,
            scores_version=row.scores_version,
            rows=row.rows,
            checksum=row.checksum,
            model_versions=json.loads(row.model_versions),
            sent_at=in_utc(row.sent_at),
        )


def in_transactions(engine: sa.Engine) -> sa.Engine:
    """SQLite's driver begins a transaction at its first change, and two that have read before can't both go on: here it begins as
    one that writes.
    """
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _by_hand(connection: Any, _: Any) -> None:
            connection.isolation_level = None

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def in_utc(value: Any) -> Any:
    """Databases without time zones keep instants in UTC."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    return value
