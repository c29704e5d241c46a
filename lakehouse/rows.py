"""Tables of a few rows: the ledger, the diary of models, a day's metrics and verdicts.

They are read and written by delta-rs, in this process. Spark would take a second for what takes a hundredth of one, and a
job that has only a line to write would wait for a session. The same rule holds as for the big tables: one commit
replaces what it writes, so that it can be repeated for free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake

from lakehouse import conflicts, datasets, delta, shape
from lakehouse.tables import Table

Row = Mapping[str, Any]


def read(table: Table, where: pc.Expression | None = None) -> list[dict[str, Any]]:
    """The rows that satisfy ``where``, ordered by the table's key; none when the table does not exist."""
    if not delta.exists(table):
        return []
    location = delta.location(table)
    dataset = datasets.of(DeltaTable(location), location)
    return ordered(table, dataset.to_table(columns=list(table.column_names), filter=where).to_pylist())


def replace(table: Table, rows: Iterable[Row], where: str) -> None:
    """Put ``rows`` in the place of all rows of ``table`` that satisfy ``where``, in one commit.

    Args:
        table: created when missing.
        rows: every declared column; every row must satisfy ``where``.
        where: SQL condition.

    Raises:
        WriteConflict: when other writers changed the same files again and again.
    """
    if not delta.exists(table):
        delta.create(table)
    content = _arrow(table, rows)
    conflicts.retried(table, lambda: write_deltalake(delta.location(table), content, mode="overwrite", predicate=where))


def amend(
    table: Table, read: pc.Expression, where: str, change: Callable[[list[dict[str, Any]]], Iterable[Row] | None]
) -> None:
    """Read rows, decide, and put others in their place: in one commit, and only if nobody changed them in between.

    When another writer came first, ``change`` is asked again with the rows as they are then. So what it decides holds for
    the very rows that the commit replaces.

    Args:
        table: created when missing.
        read: which rows are read and replaced.
        where: the same as an SQL condition.
        change: given the rows, ordered by the table's key, returns those that take their place; None: leave them.

    Raises:
        WriteConflict: when other writers came first again and again.
    """
    if not delta.exists(table):
        delta.create(table)
    location = delta.location(table)

    def attempt() -> None:
        # The write begins at the version that was read: delta-rs refuses it when what it replaces has changed since.
        opened = DeltaTable(location)
        found = datasets.of(opened, location).to_table(columns=list(table.column_names), filter=read).to_pylist()
        new = change(ordered(table, found))
        if new is not None:
            write_deltalake(opened, _arrow(table, new), mode="overwrite", predicate=where)

    conflicts.retried(table, attempt)


def compact(table: Table) -> None:
    """Make few files of many, and remove those that no version within the table's retention needs."""
    conflicts.retried(table, lambda: DeltaTable(delta.location(table)).optimize.compact())
    delta.vacuum(table)


def ordered(table: Table, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows in the order of the table's key."""
    return sorted((dict(row) for row in rows), key=lambda row: tuple(row[name] for name in table.key))


def _arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
    return pa.Table.from_pylist([{name: row[name] for name in table.column_names} for row in rows], shape.schema(table))
