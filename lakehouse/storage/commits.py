"""The one door for commits: every change of a table's rows goes through here, and through the modules beside it of its shape
(`table_shape`), its files (`file_layout`, `file_commits`) and of erased rows (`rewriting`, `purging`).

Every commit replaces whole partitions or deliveries, so that it can be repeated for free (rule 3 of the design), and is tried
again when another writer's commit came first.

delta-rs makes every commit, on every storage: it puts a version only where none is. Spark looks first and then renames, and of two
of its commits one can be lost; so Spark computes and its workers write files, and the commit is made here, in the process that
asked for it (docs/decisions/0029-small-commits-by-delta-rs.md). A process that is killed takes its commit with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, write_deltalake

from lakehouse.storage import (
    arrow_dataset,
    commit_lock,
    delta_log,
    file_commits,
    partition_files,
    small_tables,
    sql_quoting,
    table_schema,
    table_shape,
)
from lakehouse.storage.commit_retry import commit
from lakehouse.storage.file_commits import Replaced
from lakehouse.storage.partition_files import WrittenFile
from lakehouse.storage.small_tables import Row
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


# More rows than this are written by Spark's workers: here they would have to fit into memory, with all their columns. Through
# Spark's Delta writer a thousand rows cost 1.4 s of processor time, collected and committed here 0.15 s (two cores, a warm
# server: `make bench-commits`).
COLLECTED_ROWS = 200_000


def replace(frame: DataFrame, table: Table, replaced: Replaced, rows: int) -> None:
    """Replace the rows of ``table`` that have one of the values of each column in ``replaced``, in one commit.

    Args:
        frame: the declared columns, in any order; every row must be one that is replaced.
        table: the table, created when missing.
        replaced: by column the values whose rows are replaced, normally of ``partition_by`` columns.
        rows: about how many rows the frame has, or more: few are collected and committed in this process.

    Raises:
        WriteConflict: when other writers changed the same files again and again.
    """
    columns = frame.select(*table.column_names)
    if rows <= COLLECTED_ROWS:
        replace_table(columns.toArrow(), table, replaced)
        return
    table_shape.ensure(table)
    # Rows of a day go to one worker, or each of the workers would leave a small file in every day of a range. Rebalancing
    # still spreads the days over the cores and splits a day that is too big for one file.
    gathered = columns.hint("rebalance", *table.partition_by)
    write = partition_files.frame_writer(partition_files.TableFiles.of(table))
    written = gathered.mapInArrow(write, partition_files.WRITTEN).toArrow().to_pylist()
    replace_by_files([WrittenFile(**line) for line in written], table, replaced)


def replace_table(rows: pa.Table, table: Table, replaced: Replaced) -> None:
    """The same for rows that are in this process."""
    table_shape.ensure(table)
    _overwrite(table, rows.select(list(table.column_names)).cast(table_schema.arrow_schema(table)), _sql(replaced))


def replace_by_files(files: list[WrittenFile], table: Table, replaced: Replaced) -> None:
    """The same by files that were written for it, whose rows are not looked at again; the table exists.

    Nobody else commits to the table meanwhile: of such a commit delta-rs does not know which rows it replaces, and so not
    whether another one is in its way.
    """
    with commit_lock.alone(table):
        commit(table, lambda opened, mark: file_commits.commit(opened, mark, table, files, replaced))


def add_days(table: Table, rows: pa.Table) -> None:
    """Add the rows of days that the table does not have, in one commit; a day that it has stays as it is.

    Of two writers of one day the first is kept: the other one's commit is refused, and tried again it finds the day.

    Args:
        table: partitioned by ``partition``, created when missing.
        rows: its columns.
    """
    table_shape.ensure(table)
    declared = rows.select(list(table.column_names)).cast(table_schema.arrow_schema(table))

    def add(opened: DeltaTable, mark: dict[str, str]) -> None:
        present = pa.table(opened.get_add_actions(flatten=True))["partition.partition"].unique()
        new = declared.filter(pc.invert(pc.is_in(declared["partition"], value_set=present.cast(pa.date32()))))
        if len(new):
            _write(opened, new, _sql({"partition": new["partition"].unique().to_pylist()}), mark)

    with commit_lock.shared(table):
        commit(table, add)


def replace_rows(table: Table, rows: Iterable[Row], where: str) -> None:
    """Replace all rows of a small table that satisfy ``where`` with ``rows``, in one commit.

    Args:
        table: created when missing.
        rows: every declared column; every row must satisfy ``where``.
        where: SQL condition.

    Raises:
        WriteConflict: when other writers changed the same files again and again.
    """
    if not delta_log.exists(table):
        table_shape.create(table)
    _overwrite(table, _arrow(table, rows), where)


def amend_rows(
    table: Table, read: pc.Expression, where: str, change: Callable[[list[dict[str, Any]]], Iterable[Row] | None]
) -> None:
    """Read rows of a small table and replace them with those that ``change`` returns, in one commit, unless they changed meanwhile.

    When another writer came first, ``change`` is called again with the rows as they are then. So its decision holds for the
    very rows that the commit replaces.

    Args:
        table: created when missing.
        read: which rows are read and replaced.
        where: the same as an SQL condition.
        change: given the rows, ordered by the table's key, returns those that replace them; None: leave them.

    Raises:
        WriteConflict: when other writers came first again and again.
    """
    if not delta_log.exists(table):
        table_shape.create(table)
    location = delta_log.location(table)

    def amend(opened: DeltaTable, mark: dict[str, str]) -> None:
        # The write begins at the version that was read: delta-rs refuses it when what it replaces has changed since.
        dataset = arrow_dataset.open_dataset(opened, location)
        present = dataset.to_table(columns=list(table.column_names), filter=read).to_pylist()
        new = change(small_tables.ordered(table, present))
        if new is not None:
            _write(opened, _arrow(table, new), where, mark)

    with commit_lock.shared(table):
        commit(table, amend)


def _arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
    lines = [{name: row[name] for name in table.column_names} for row in rows]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(table))


def _overwrite(table: Table, rows: pa.Table, where: str) -> None:
    # A column that is declared no longer stays in the table, without values, until the table is migrated.
    for name, type_ in delta_log.columns(table).items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), type_))
    with commit_lock.shared(table):
        commit(table, lambda opened, mark: _write(opened, rows, where, mark))


def _write(opened: DeltaTable, rows: pa.Table, where: str, mark: dict[str, str]) -> None:
    properties = CommitProperties(custom_metadata=mark)
    write_deltalake(
        opened, table_schema.undescribed(rows), mode="overwrite", predicate=where, commit_properties=properties
    )


def _sql(replaced: Replaced) -> str:
    return " AND ".join(sql_quoting.is_one_of(column, values) for column, values in replaced.items())
