"""A table of an SQL database as target: a day is replaced in one transaction, whatever is killed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jobs.deliver import sql_failures, sql_table
from jobs.deliver.marker import Marker
from lakehouse.connections import sql
from lakehouse.declaration import Column, SqlTarget
from lakehouse.errors import TargetRefused

# The databases that upsert by ON CONFLICT. In others the day's rows are deleted and inserted, in the same transaction.
UPSERTS = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}

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
        engine = _in_transactions(sql.engine(self._connection))
        try:
            with sql_failures.named(self._what), engine.connect() as connection:
                sql_table.ensure(connection, (self._markers, self._table))
                with connection.begin():
                    inspector = sa.inspect(connection)
                    sql_table.refuse_unfit(inspector, self._table, self._what)
                    keyed = sql_table.has_key(inspector, self._table)
                upsert = UPSERTS.get(engine.dialect.name) if keyed else None
                with connection.begin() as transaction:
                    note = self._lock(connection, day)
                    yield SqlDay(connection, transaction, self._table, self._columns, self._markers, day, note, upsert)
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
                        yield tuple(map(_in_utc, row))
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
            sent_at=_in_utc(row.sent_at),
        )


class SqlDay:
    """A day of the table, in a transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        transaction: sa.RootTransaction,
        table: sa.Table,
        columns: Sequence[Column],
        markers: sa.Table,
        day: dt.date,
        marker: Marker | None,
        upsert: Any,
    ) -> None:
        self.marker = marker
        self._connection = connection
        self._transaction = transaction
        self._table = table
        self._markers = markers
        self._day = day
        self._upsert = upsert
        self._into = table if upsert is None else sql_table.staged_table(columns)

    def begin(self, fingerprint: str, scores_version: int, force: bool) -> None:
        """Make room: for the rows beside the table, or in it, where the database knows no upsert."""
        if self._upsert is None:
            self._connection.execute(sa.delete(self._table).where(self._table.c.partition == self._day))
        else:
            self._into.create(self._connection)

    def put(self, rows: pa.RecordBatch) -> None:
        """Insert rows."""
        if not rows.num_rows:
            return
        try:
            self._connection.execute(sa.insert(self._into), rows.to_pylist())
        except (ValueError, OverflowError) as error:
            # The driver's, before the database has seen it: a text with a NUL, a number that is too big.
            raise TargetRefused(
                f"table {self._table.fullname}: expected values that the database can hold, found another: {error}; it has "
                "what it had before: have the source's contract refuse such a value, and restate"
            ) from None

    def finish(self, marker: Marker) -> None:
        """Make the table's rows of the day these, and commit."""
        if self._upsert is not None:
            self._merge()
        of_day = self._table.c.partition == self._day
        found = self._connection.execute(sa.select(sa.func.count()).select_from(self._table).where(of_day)).scalar_one()
        if found != marker.rows:
            raise TargetRefused(
                f"table {self._table.fullname}: expected {marker.rows} rows of {self._day} after they were sent, found {found}: "
                "does a trigger or a rule of the table change them? It has what it had before"
            )
        note = {**vars(marker), "model_versions": json.dumps(marker.model_versions)}
        name = self._table.name.lower()
        mine = sa.and_(self._markers.c.table_name == name, self._markers.c.partition == self._day)
        self._connection.execute(sa.update(self._markers).where(mine).values(note))
        self._transaction.commit()

    def _merge(self) -> None:
        """Delete what is not delivered any more, then upsert: what the rows have in columns of others stays."""
        key = [column.name for column in self._table.primary_key]
        names = [column.name for column in self._table.columns]
        delivered = sa.exists().where(*(self._into.c[name] == self._table.c[name] for name in key))
        self._connection.execute(
            sa.delete(self._table).where(
                self._table.c.partition == self._day, sa.not_(delivered.correlate(self._table))
            )
        )
        # SQLite can't tell ON CONFLICT from a join's ON without a condition before it.
        chosen = sa.select(*(self._into.c[name] for name in names)).where(sa.true())
        statement = self._upsert(self._table).from_select(names, chosen)
        changed = {name: statement.excluded[name] for name in names if name not in key}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=key, set_=changed)
            if changed
            else statement.on_conflict_do_nothing(index_elements=key)
        )


def _in_transactions(engine: sa.Engine) -> sa.Engine:
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


def _in_utc(value: Any) -> Any:
    """Databases without time zones keep instants in UTC."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
    return value
