"""A day of an SQL target, replaced in one transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jobs.deliver import sql_table
from jobs.deliver.marker import Marker
from lakehouse.declaration import Column
from lakehouse.errors import TargetRefused

# The databases that upsert by ON CONFLICT, into a table that has the key. Else the day's rows are deleted and inserted.
UPSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


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
        keyed: bool,
    ) -> None:
        self.marker = marker
        self._connection = connection
        self._transaction = transaction
        self._table = table
        self._markers = markers
        self._day = day
        self._upsert: Any = UPSERTS.get(connection.dialect.name) if keyed else None
        self._into = table if self._upsert is None else sql_table.staged_table(columns)

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
