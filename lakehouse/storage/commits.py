"""The one door for commits: every change of a table of the lakehouse goes through here.

Every commit replaces whole partitions or deliveries, so that it can be repeated for free (rule 3 of the design), and is tried
again when another writer's commit came first.

delta-rs makes every commit, on every storage: it puts a version only where none is. Spark looks first and then renames, and of two
of its commits one can be lost; so Spark computes and its workers write files, and the commit is made here, in the process that
asked for it (docs/decisions/0029-small-commits-by-delta-rs.md). A process that is killed takes its commit with it.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from pyarrow import parquet

from lakehouse import settings
from lakehouse.errors import MigrationNeeded
from lakehouse.storage import (
    arrow_dataset,
    delta_log,
    file_commits,
    file_locks,
    object_store,
    partition_files,
    purging,
    small_tables,
    sql_quoting,
    store_check,
    table_schema,
)
from lakehouse.storage.commit_retry import commit, commit_unrepeated, retry_on_conflict
from lakehouse.storage.file_commits import Replaced
from lakehouse.storage.partition_files import WrittenFile
from lakehouse.storage.purging import Affected
from lakehouse.storage.small_tables import Row
from lakehouse.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


# More rows than this are written by Spark's workers: here they would have to fit into memory, with all their columns. Through
# Spark's Delta writer a thousand rows cost 1.4 s of processor time, collected and committed here 0.15 s (two cores, a warm
# server: `make bench-commits`).
COLLECTED_ROWS = 200_000

# What compacting and sorting make of a partition: files of about so many bytes.
FILE_BYTES = 1 << 30


def create(table: Table) -> None:
    """Create the table as declared, unless it exists.

    By delta-rs also where Spark writes it later: its first commit is whole or absent, also when two jobs create the same table.
    Spark's CREATE TABLE IF NOT EXISTS takes any folder for a table, and so would never complete a creation that was killed.
    """

    store_check.expect_safe(settings.load().lakehouse_root)

    def attempt() -> None:
        place = delta_log.location(table)
        DeltaTable.create(
            place,
            schema=Schema.from_arrow(table_schema.arrow_schema(table)),
            mode="ignore",
            partition_by=list(table.partition_by),
            description=table.description,
            configuration=dict(table_schema.properties(table)),
            raise_if_key_not_exists=False,
            storage_options=object_store.options(place),
            # The first version or none: by another try delta-rs would put the declaration over another's table.
            commit_properties=CommitProperties(max_commit_retries=0),
        )

    retry_on_conflict(table, attempt)


def ensure(table: Table) -> None:
    """Create the table as declared when it does not exist; add the columns that were declared since its creation.

    Raises:
        MigrationNeeded: when a column has another type than declared, or one that may not be null is missing.
    """
    present = delta_log.columns(table)
    if not present:
        create(table)
        return
    declared = table_schema.arrow_schema(table)
    new = [field for field in declared if field.name not in present]
    wrong = [f"{field.name} is missing" for field in new if not field.nullable] + [
        f"{field.name} is {present[field.name]}, expected {field.type}"
        for field in declared
        if field.name in present and not table_schema.same(present[field.name], field.type)
    ]
    if wrong:
        raise MigrationNeeded(
            f"{table.full_name}: expected the declared columns, found: {'; '.join(wrong)}; nothing was written: python -m "
            "lakehouse migrate --source NAME (bronze, silver) or --use-case NAME (gold) gives a table the declared shape"
        )
    if new:
        with _shared(table):
            commit(table, lambda opened, mark: _add_columns(opened, new, mark))


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
    ensure(table)
    # Rows of a day go to one worker, or each of the workers would leave a small file in every day of a range. Rebalancing
    # still spreads the days over the cores and splits a day that is too big for one file.
    gathered = columns.hint("rebalance", *table.partition_by)
    write = partition_files.frame_writer(partition_files.TableFiles.of(table))
    written = gathered.mapInArrow(write, partition_files.WRITTEN).toArrow().to_pylist()
    replace_by_files([WrittenFile(**line) for line in written], table, replaced)


def replace_table(rows: pa.Table, table: Table, replaced: Replaced) -> None:
    """The same for rows that are in this process."""
    ensure(table)
    _overwrite(table, rows.select(list(table.column_names)).cast(table_schema.arrow_schema(table)), _sql(replaced))


def replace_by_files(files: list[WrittenFile], table: Table, replaced: Replaced) -> None:
    """The same by files that were written for it, whose rows are not looked at again; the table exists.

    Nobody else commits to the table meanwhile: of such a commit delta-rs does not know which rows it replaces, and so not
    whether another one is in its way.
    """
    with _alone(table):
        commit(table, lambda opened, mark: file_commits.commit(opened, mark, table, files, replaced))


def add_days(table: Table, rows: pa.Table) -> None:
    """Add the rows of days that the table does not have, in one commit; a day that it has stays as it is.

    Of two writers of one day the first is kept: the other one's commit is refused, and tried again it finds the day.

    Args:
        table: partitioned by ``partition``, created when missing.
        rows: its columns.
    """
    ensure(table)
    declared = rows.select(list(table.column_names)).cast(table_schema.arrow_schema(table))

    def add(opened: DeltaTable, mark: dict[str, str]) -> None:
        present = pa.table(opened.get_add_actions(flatten=True))["partition.partition"].unique()
        new = declared.filter(pc.invert(pc.is_in(declared["partition"], value_set=present.cast(pa.date32()))))
        if len(new):
            _write(opened, new, _sql({"partition": new["partition"].unique().to_pylist()}), mark)

    with _shared(table):
        commit(table, add)


def rebuild(table: Table, rows: Iterable[pa.Table], note: str = "") -> None:
    """Replace the whole table, its columns too, by the declared columns and ``rows``, in one commit.

    Args:
        table: as it is declared now; created when missing.
        rows: tables with its columns, some rows at a time.
        note: kept with the commit, for `delta_log.rebuilt_with`.
    """
    if not delta_log.exists(table):
        # A writer that makes a table knows fewer properties than one that creates it.
        create(table)
    schema = table_schema.arrow_schema(table)
    # Kept on the disk first: while delta-rs takes rows, the code that makes them can't ask delta-rs for anything.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        with parquet.ParquetWriter(file, schema) as writer:
            for part in rows:
                writer.write_table(part.select(schema.names).cast(schema))
        batches = parquet.ParquetFile(file).iter_batches()

        def overwrite(opened: DeltaTable, mark: dict[str, str]) -> None:
            write_deltalake(
                opened,
                pa.RecordBatchReader.from_batches(schema, batches),
                mode="overwrite",
                schema_mode="overwrite",
                partition_by=list(table.partition_by),
                description=table.description,
                configuration=dict(table_schema.properties(table)),
                # As the next version or not at all: of a table without rows delta-rs takes another's first rows for no conflict.
                commit_properties=CommitProperties(
                    mark | ({delta_log.NOTE: note} if note else {}), max_commit_retries=0
                ),
            )

        with _alone(table):
            commit_unrepeated(table, overwrite)


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
        create(table)
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
        create(table)
    location = delta_log.location(table)

    def amend(opened: DeltaTable, mark: dict[str, str]) -> None:
        # The write begins at the version that was read: delta-rs refuses it when what it replaces has changed since.
        dataset = arrow_dataset.open_dataset(opened, location)
        present = dataset.to_table(columns=list(table.column_names), filter=read).to_pylist()
        new = change(small_tables.ordered(table, present))
        if new is not None:
            _write(opened, _arrow(table, new), where, mark)

    with _shared(table):
        commit(table, amend)


def describe(table: Table) -> None:
    """Give the table, which exists, its declared description, in one commit."""
    with _shared(table):
        commit(
            table,
            lambda opened, mark: opened.alter.set_table_description(
                table.description, commit_properties=CommitProperties(custom_metadata=mark)
            ),
        )


def comment(table: Table, column: str) -> None:
    """Give a column of the table, which has it, its declared description, in one commit."""
    (said,) = (one.description for one in table.columns if one.name == column)
    with _shared(table):
        commit(
            table,
            lambda opened, mark: opened.alter.set_column_metadata(
                column, {"comment": said}, commit_properties=CommitProperties(custom_metadata=mark)
            ),
        )


def configure(table: Table) -> None:
    """Give the table, which exists, the properties that it would be created with, in one commit."""
    with _shared(table):
        commit(
            table,
            lambda opened, mark: opened.alter.set_table_properties(
                table_schema.properties(table),
                raise_if_not_exists=False,
                commit_properties=CommitProperties(custom_metadata=mark),
            ),
        )


def compact(table: Table) -> None:
    """Merge small files, and remove those that no version within the table's retention needs."""

    def merge(opened: DeltaTable, mark: dict[str, str]) -> None:
        opened.optimize.compact(target_size=FILE_BYTES, commit_properties=CommitProperties(custom_metadata=mark))

    with _shared(table):
        commit(table, merge)
    vacuum(table)


def cluster(table: Table, days: Iterable[dt.date]) -> None:
    """Sort the rows of these days into files by ``clustered_by``."""
    columns = [str(table.clustered_by)]
    for day in sorted(days):
        where: list[Any] = [("partition", "=", day.isoformat())]

        def sort(opened: DeltaTable, mark: dict[str, str], where: list[Any] = where) -> None:
            properties = CommitProperties(custom_metadata=mark)
            opened.optimize.z_order(
                columns, partition_filters=where, target_size=FILE_BYTES, commit_properties=properties
            )

        with _shared(table):
            commit(table, sort)


def vacuum(table: Table) -> None:
    """Remove the files that no version within the table's retention needs."""
    # Spark makes a task of each folder that it lists: 20 s for a year of days, and delta-rs takes less than one.
    delta_log.opened(table).vacuum(table.retention_days * 24, dry_run=False, full=True)


def rewrite(table: Table, columns: Sequence[str], affected: Affected, change: Callable[[pa.Table], pa.Table]) -> bool:
    """Change rows wherever in a table they are, in one commit; whether there were any. Nothing of them gets into the log.

    Args:
        table: one that does not exist has none.
        columns: those that ``affected`` looks at.
        affected: which rows are to be changed.
        change: given rows of a file with affected ones, gives those that take their place; it may leave some out.

    Raises:
        WriteConflict: when other writers came first again and again.
    """
    if not delta_log.exists(table):
        return False
    done: list[bool] = []
    known: dict[str, list[WrittenFile] | None] = {}

    def change_files(opened: DeltaTable, mark: dict[str, str]) -> None:
        old, added = file_commits.rewritten(opened, table, columns, affected, change, known)
        done.append(bool(old))
        file_commits.put(opened, mark, table, old, added)

    with _alone(table):
        commit(table, change_files)
    return done[-1]


def purge(table: Table, columns: Sequence[str], affected: Affected, now: dt.datetime) -> list[str]:
    """Remove all versions of a table but the newest, whatever its retention: rows that were erased lie in the earlier ones.

    Readers of earlier versions fail from now on, those that are reading among them.

    Args:
        table: one that does not exist has none.
        columns: those that ``affected`` looks at.
        affected: which rows are to be gone.
        now: the present instant.

    Returns:
        Files that were left because a job may be about to commit them, and that have such rows or can't be read.
    """
    if not delta_log.exists(table):
        return []
    with _alone(table):
        return purging.purge(table, columns, affected, now)


def _arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
    lines = [{name: row[name] for name in table.column_names} for row in rows]
    return pa.Table.from_pylist(lines, table_schema.arrow_schema(table))


def _overwrite(table: Table, rows: pa.Table, where: str) -> None:
    # A column that is declared no longer stays in the table, without values, until the table is migrated.
    for name, type_ in delta_log.columns(table).items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), type_))
    with _shared(table):
        commit(table, lambda opened, mark: _write(opened, rows, where, mark))


def _write(opened: DeltaTable, rows: pa.Table, where: str, mark: dict[str, str]) -> None:
    properties = CommitProperties(custom_metadata=mark)
    write_deltalake(
        opened, table_schema.undescribed(rows), mode="overwrite", predicate=where, commit_properties=properties
    )


def _add_columns(opened: DeltaTable, new: list[pa.Field], mark: dict[str, str]) -> None:
    present = {field.name for field in opened.schema().fields}
    # Another job may have come first.
    fields = Schema.from_arrow(pa.schema([field for field in new if field.name not in present])).fields
    if fields:
        opened.alter.add_columns(fields, commit_properties=CommitProperties(custom_metadata=mark))


def _sql(replaced: Replaced) -> str:
    return " AND ".join(sql_quoting.is_one_of(column, values) for column, values in replaced.items())


def _shared(table: Table) -> AbstractContextManager[None]:
    """For a commit of which delta-rs knows what it replaces: such commits may come together."""
    return _lock(table, shared=True)


def _alone(table: Table) -> AbstractContextManager[None]:
    return _lock(table, shared=False)


def _lock(table: Table, shared: bool) -> AbstractContextManager[None]:
    root = settings.load().lakehouse_root
    if object_store.is_address(root):
        # It has no locks: there a commit by files is guarded by the version that it begins at.
        store_check.expect_safe(root)
        return nullcontext()
    return file_locks.locked(file_locks.file_of(table.full_name), shared)
