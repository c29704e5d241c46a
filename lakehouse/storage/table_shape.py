"""A table's shape: created, completed, described and rebuilt as it is declared, each in one commit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from pyarrow import parquet

from lakehouse import settings
from lakehouse.errors import MigrationNeeded
from lakehouse.storage import commit_lock, delta_log, object_store, store_check, table_schema
from lakehouse.storage.commit_retry import commit, commit_unrepeated, retry_on_conflict
from lakehouse.tables import Table


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
        with commit_lock.shared(table):
            commit(table, lambda opened, mark: _add_columns(opened, new, mark))


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
    with tempfile.TemporaryDirectory(prefix="nightjar-rows-") as folder:
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

        with commit_lock.alone(table):
            commit_unrepeated(table, overwrite)


def describe(table: Table) -> None:
    """Give the table, which exists, its declared description, in one commit."""
    with commit_lock.shared(table):
        commit(
            table,
            lambda opened, mark: opened.alter.set_table_description(
                table.description, commit_properties=CommitProperties(custom_metadata=mark)
            ),
        )


def comment(table: Table, column: str) -> None:
    """Give a column of the table, which has it, its declared description, in one commit."""
    (said,) = (one.description for one in table.columns if one.name == column)
    with commit_lock.shared(table):
        commit(
            table,
            lambda opened, mark: opened.alter.set_column_metadata(
                column, {"comment": said}, commit_properties=CommitProperties(custom_metadata=mark)
            ),
        )


def configure(table: Table) -> None:
    """Give the table, which exists, the properties that it would be created with, in one commit."""
    with commit_lock.shared(table):
        commit(
            table,
            lambda opened, mark: opened.alter.set_table_properties(
                table_schema.properties(table),
                raise_if_not_exists=False,
                commit_properties=CommitProperties(custom_metadata=mark),
            ),
        )


def _add_columns(opened: DeltaTable, new: list[pa.Field], mark: dict[str, str]) -> None:
    present = {field.name for field in opened.schema().fields}
    # Another job may have come first.
    fields = Schema.from_arrow(pa.schema([field for field in new if field.name not in present])).fields
    if fields:
        opened.alter.add_columns(fields, commit_properties=CommitProperties(custom_metadata=mark))
