"""A table of an SQL database that serves: what has changed is replaced in one transaction."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from jobs.deliver import sql_failures, sql_table, sql_target
from jobs.publish import note as notes
from jobs.publish.note import Note
from lakehouse import tables
from lakehouse.connections import sql
from lakehouse.declaration import FeatureGroup, SqlServing
from lakehouse.errors import TargetRefused

KEYS_AT_ONCE = 200


def note_table(schema: str | None) -> sa.Table:
    """The notes of what serves in this database, a row for each table."""
    return sa.Table(
        notes.NAME,
        sa.MetaData(),
        sa.Column("table_name", sa.String(63), primary_key=True),
        sa.Column("feature_group", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sql_table.INSTANT, nullable=False),
        schema=schema,
    )


class SqlServer:
    """The table, and beside it the table of notes, nightjar_serving."""

    def __init__(self, group: FeatureGroup, place: SqlServing) -> None:
        self._group, self._connection = group, place.connection
        self._table = sql_table.target_table(
            place.table, place.db_schema, tables.served_columns(group), group.key_names
        )
        self._notes = note_table(place.db_schema)
        self.address = place.address
        self._what = f"publication of {group.name} v{group.version}, {self.address}"

    @contextmanager
    def held(self) -> Iterator[HeldTable]:
        """The table, in a transaction that holds its note's row."""
        engine = sql_target.in_transactions(sql.engine(self._connection))
        try:
            with sql_failures.named(self._what), engine.connect() as connection:
                sql_table.ensure(connection, (self._notes, self._table))
                with connection.begin():
                    sql_table.refuse_unfit(sa.inspect(connection), self._table, self._what)
                with connection.begin() as transaction:
                    yield HeldTable(connection, transaction, self._table, self._notes, self._lock(connection))
        finally:
            engine.dispose()

    def stored(self, value: Any) -> Any:
        """Every value is held as it is."""
        return value

    def count(self) -> int:
        """How many rows it has, which is one a key."""
        with self._reading() as connection:
            if connection is None:
                return 0
            return int(connection.execute(sa.select(sa.func.count()).select_from(self._table)).scalar_one())

    def rows(self, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """The rows of these keys."""
        columns = [self._table.c[name] for name in self._group.key_names]
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        with self._reading() as connection:
            for begin in range(0, 0 if connection is None else len(keys), KEYS_AT_ONCE):
                some = keys[begin : begin + KEYS_AT_ONCE]
                each = (sa.and_(*(c == value for c, value in zip(columns, key, strict=True))) for key in some)
                assert connection is not None
                for row in connection.execute(sa.select(*self._table.columns).where(sa.or_(*each))):
                    values = tuple(map(sql_target.in_utc, row))
                    found[tuple(row._mapping[column] for column in columns)] = values
        return found

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection | None]:
        """A connection; None where the table is not there."""
        engine = sql.engine(self._connection)
        try:
            with sql_failures.named(self._what), engine.connect() as connection:
                there = sa.inspect(connection).has_table(self._table.name, schema=self._table.schema)
                yield connection if there else None
        finally:
            engine.dispose()

    def _lock(self, connection: sa.Connection) -> Note | None:
        """Lock the table's note, made when it is missing, so that of two runs one waits for the other.

        Raises:
            TargetRefused: when another group is served from the table.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{sql_target.LOCK_TIMEOUT}'"))
        # Some databases take names that differ in their case for one.
        name = self._table.name.lower()
        mine = self._notes.c.table_name == name
        empty = {"fingerprint": "", "source_version": -1, "rows": 0, "published_at": dt.datetime.now(dt.UTC)}
        owner = {"feature_group": self._group.name, "version": self._group.version}
        # An insertion waits for another run's: then it fails, and the row is there to be locked.
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(self._notes).values({"table_name": name, **owner, **empty}))
        except sa.exc.IntegrityError:
            pass
        row = connection.execute(sa.select(self._notes).where(mine).with_for_update()).one()
        if (row.feature_group, row.version) != (self._group.name, self._group.version):
            raise TargetRefused(
                f"{self._what}: expected a table of its own, found one that serves {row.feature_group} v{row.version}, by its row "
                f"in {self._notes.fullname}; nothing was published: choose another table"
            )
        if not row.fingerprint:
            return None
        names = [field.name for field in dataclasses.fields(Note)]
        return Note(**{name: sql_target.in_utc(row._mapping[self._notes.c[name]]) for name in names})


class HeldTable:
    """The table, in a transaction."""

    def __init__(
        self,
        connection: sa.Connection,
        transaction: sa.RootTransaction,
        table: sa.Table,
        notes: sa.Table,
        note: Note | None,
    ) -> None:
        self.note = note
        self._connection, self._transaction = connection, transaction
        self._table, self._notes = table, notes

    def replace(self, batches: Iterable[pa.RecordBatch], note: Note, whole: bool) -> None:
        """Stage the rows, replace those that differ, and commit."""
        staged = sa.Table(
            "nightjar_staged",
            sa.MetaData(),
            *(sa.Column(c.name, c.type, primary_key=c.primary_key) for c in self._table.columns),
            prefixes=["TEMPORARY"],
        )
        staged.create(self._connection)
        for batch in batches:
            if batch.num_rows:
                self._insert(staged, batch)
        key = [column.name for column in self._table.primary_key]
        # A row of the same build is the same row.
        same = [self._table.c[name] == staged.c[name] for name in (*key, "partition", "known_at")]
        kept = sa.false() if whole else sa.exists().where(*same).correlate(self._table)
        self._connection.execute(sa.delete(self._table).where(sa.not_(kept)))
        there = sa.exists().where(*(self._table.c[name] == staged.c[name] for name in key)).correlate(staged)
        names = [column.name for column in self._table.columns]
        new = sa.select(*(staged.c[name] for name in names)).where(sa.not_(there))
        self._connection.execute(sa.insert(self._table).from_select(names, new))
        found = self._connection.execute(sa.select(sa.func.count()).select_from(self._table)).scalar_one()
        if found != note.rows:
            raise TargetRefused(
                f"table {self._table.fullname}: expected {note.rows} rows after they were published, found {found}: does a trigger "
                "or a rule of the table change them? It has what it had before"
            )
        mine = self._notes.c.table_name == self._table.name.lower()
        self._connection.execute(sa.update(self._notes).where(mine).values(dataclasses.asdict(note)))
        staged.drop(self._connection)
        self._transaction.commit()

    def _insert(self, staged: sa.Table, batch: pa.RecordBatch) -> None:
        try:
            self._connection.execute(sa.insert(staged), batch.to_pylist())
        except (ValueError, OverflowError) as error:
            # The driver's, before the database has seen it: a text with a NUL, a number that is too big.
            raise TargetRefused(
                f"table {self._table.fullname}: expected values that the database can hold, found another: {error}; it has what it "
                "had before"
            ) from None
