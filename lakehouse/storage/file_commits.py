"""Committing files that were written beside a table's log, in the place of those that hold the rows that they replace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from lakehouse.storage import delta_log, purging, stored_files, table_schema
from lakehouse.storage.partition_files import TableFiles, WrittenFile, now_ms
from lakehouse.storage.purging import Affected
from lakehouse.tables import Table

# By column the values whose rows are replaced: days, or texts.
Replaced = Mapping[str, Iterable[Any]]


def commit(
    opened: DeltaTable, mark: Mapping[str, str], table: Table, files: list[WrittenFile], replaced: Replaced
) -> None:
    """Put ``files`` in the place of the replaced rows, in one commit.

    Of a file that holds replaced rows and others, the others are written to a file of their own first.

    Args:
        opened: the table at its newest version, whose successor this commit is, or none.
        mark: of the commit, in its metadata.
        table: the same table.
        files: those that were written.
        replaced: by column the values whose rows are replaced.
    """
    texts = {column: {_text(value) for value in values} for column, values in replaced.items()}
    now, old, added = now_ms(), [], list(files)
    for file in pa.table(opened.get_add_actions(flatten=True)).to_pylist():
        holds = [_holds(file, column, values) for column, values in texts.items()]
        if False in holds:
            continue
        values: dict[str, str | None] = {name: _text(file[f"partition.{name}"]) for name in table.partition_by}
        if None in holds:
            added += _others(table, file["path"], values, texts)
        old.append(RemoveAction(file["path"], True, now, file["size_bytes"], values))
    put(opened, mark, table, old, added)


def rewritten(
    opened: DeltaTable,
    table: Table,
    columns: Sequence[str],
    affected: Affected,
    change: Callable[[pa.Table], pa.Table],
    known: dict[str, list[WrittenFile] | None],
) -> tuple[list[RemoveAction], list[WrittenFile]]:
    """Write the files that have affected rows again, changed: those that go, and those that take their place.

    Args:
        opened: the table at its newest version.
        table: the same table.
        columns: those that ``affected`` looks at.
        affected: which rows are to be changed.
        change: given rows of such a file with all declared columns, gives those that take their place; it may leave some out.
        known: by the path of each file that was looked at what takes its place, None where it has no such rows. A file never
            changes, so another try looks at the new ones alone, and is as quick as those that come before it.
    """
    location, schema = delta_log.location(table), table_schema.arrow_schema(table)
    now, old, added = now_ms(), list[RemoveAction](), list[WrittenFile]()
    for file in pa.table(opened.get_add_actions(flatten=True)).to_pylist():
        path: str = file["path"]
        values: dict[str, str | None] = {name: _text(file[f"partition.{name}"]) for name in table.partition_by}
        if path not in known:
            # Kept when it is whole: reading may fail, and be tried again.
            written: list[WrittenFile] | None = None
            if purging.any_affected(table, path, columns, affected):
                files, written = TableFiles.of(table)(), []
                for batch in stored_files.opened(location, path).iter_batches(purging.ROWS):
                    written += files.write(change(stored_files.with_columns(batch, schema, values)))
                written += files.close()
            known[path] = written
        new = known[path]
        if new is None:
            continue
        added += new
        old.append(RemoveAction(file["path"], True, now, file["size_bytes"], values))
    return old, added


def put(
    opened: DeltaTable, mark: Mapping[str, str], table: Table, old: list[RemoveAction], added: list[WrittenFile]
) -> None:
    """Commit that files go and others come, as the next version of the table as it is opened, or not at all."""
    if not added and not old:
        return
    now = now_ms()
    new = [AddAction(one.path, one.size, one.values, now, data_change=True, stats=one.stats) for one in added]
    # Without another try of delta-rs' own: it does not know which rows these files replace, and so not what another version that
    # came first has to do with them. Two such commits conflict by their transaction besides.
    guard = Transaction(f"files of {table.full_name}", opened.version() + 1)
    opened.create_write_transaction(
        [*old, *new],
        mode="append",
        schema=opened.schema(),
        partition_by=list(table.partition_by),
        commit_properties=CommitProperties(dict(mark), max_commit_retries=0, app_transactions=[guard]),
    )


def _holds(file: Mapping[str, Any], column: str, values: set[str]) -> bool | None:
    """Whether all rows of a file have one of the values; None where some may have, or the log does not say."""
    if f"partition.{column}" in file:
        return _text(file[f"partition.{column}"]) in values
    least, greatest = file.get(f"min.{column}"), file.get(f"max.{column}")
    if least is None or greatest is None or file.get(f"null_count.{column}"):
        return None
    if _text(least) == _text(greatest):
        return _text(least) in values
    return None if any(_text(least) <= value <= _text(greatest) for value in values) else False


def _others(
    table: Table, path: str, partition: Mapping[str, str | None], replaced: Mapping[str, set[str]]
) -> Iterator[WrittenFile]:
    """The file's rows that are not replaced, in new files."""
    found = stored_files.opened(delta_log.location(table), path).read()
    rows = stored_files.with_columns(found, table_schema.arrow_schema(table), partition)
    gone = None
    for column, values in replaced.items():
        equal = pc.is_in(rows.column(column).cast(pa.string()), value_set=pa.array(sorted(values), pa.string()))
        gone = equal if gone is None else pc.and_(gone, equal)
    files = TableFiles.of(table)()
    yield from files.write(rows.filter(pc.invert(gone)))
    yield from files.close()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
