"""The list of the lakehouse's tables, found on disk and described from their Delta logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lakehouse.errors import NoLakehouse, TableUnreadable
from lakehouse.storage import object_store

LAYERS = ("bronze", "silver", "gold", "ops")


@dataclass(frozen=True)
class FoundTable:
    """A Delta table that exists: its layer, its name and its location."""

    layer: str
    name: str
    location: str

    @property
    def full_name(self) -> str:
        """The name in SQL, such as ``gold.<use_case>_scores``."""
        return f"{self.layer}.{self.name}"

    def open(self) -> DeltaTable:
        """Open its newest version.

        Raises:
            TableUnreadable: its Delta log cannot be read.
        """
        try:
            return DeltaTable(self.location, storage_options=object_store.options(self.location))
        except DeltaError as error:
            raise TableUnreadable(f"{self.full_name}: no readable Delta log in {self.location}: {error}") from error


@dataclass(frozen=True)
class TableState:
    """A table at its newest version.

    Attributes:
        table: its name in SQL.
        rows: number of rows.
        files: number of live data files.
        version: Delta version.
        newest_partition: the newest day of its column ``partition``; else the greatest value of a column that it is
            partitioned by; None when it has neither, or no rows.
        last_commit: when the newest version was committed, UTC.
    """

    table: str
    rows: int
    files: int
    version: int
    newest_partition: date | str | int | None
    last_commit: datetime | None


def find(root: str) -> list[FoundTable]:
    """All tables under ``root`` (a folder, or an address such as ``s3://...``), by layer and name.

    Raises:
        NoLakehouse: there are none.
    """
    root = root.rstrip("/")
    tables = [
        FoundTable(layer, name, f"{root}/{layer}/{name}")
        for layer in LAYERS
        for name in (
            _names_at_address(root, layer) if object_store.is_address(root) else _names_in_folder(Path(root) / layer)
        )
    ]
    if not tables:
        raise NoLakehouse(
            f"there are no tables under {root}: `make demo` makes some, or set LAKEHOUSE_ROOT to where yours are"
        )
    return tables


def state(table: FoundTable) -> TableState:
    """Describe ``table`` from its Delta log. Data is read only where the log lacks the number of rows of a file.

    Raises:
        TableUnreadable: its Delta log, or data that has to be counted, cannot be read.
    """
    delta = table.open()
    try:
        files = delta.get_add_actions(flatten=True)
        columns: dict[str, list[Any]] = {
            name: list(files.column(name).to_pylist()) for name in files.schema.names if _is_used(name)
        }
        committed = next(iter(delta.history(1)), {}).get("timestamp")
        counts: list[int | None] = columns.get("num_records", [None] * files.num_rows)
        return TableState(
            table=table.full_name,
            rows=_rows(delta, counts),
            files=files.num_rows,
            version=delta.version(),
            newest_partition=_newest_partition(delta.metadata().partition_columns, columns),
            last_commit=None if committed is None else datetime.fromtimestamp(committed / 1000, UTC),
        )
    except (DeltaError, OSError) as error:
        raise TableUnreadable(f"{table.full_name}: version {delta.version()} cannot be described: {error}") from error


def _is_used(column: str) -> bool:
    return column in ("num_records", "max.partition") or column.startswith("partition.")


def _rows(delta: DeltaTable, counts: list[int | None]) -> int:
    # Statistics count the rows of a file without regard to its deletion vector.
    deletes = "deletionVectors" in (delta.protocol().reader_features or [])
    known = [count for count in counts if count is not None]
    if len(known) == len(counts) and not deletes:
        return sum(known)
    return sum(batch.num_rows for batch in delta.scan(columns=[delta.schema().fields[0].name]))


def _newest_partition(partition_columns: list[str], columns: dict[str, list[Any]]) -> date | str | int | None:
    values = [
        [value for value in columns.get(f"partition.{name}", []) if value is not None] for name in partition_columns
    ]
    # A table of few rows has its day as a plain column, whose statistics have the newest one.
    values.append([value for value in columns.get("max.partition", []) if value is not None])
    dated = [each for each in values if each and isinstance(each[0], date)]
    return max((dated or values or [[]])[0], default=None)


def _names_in_folder(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(child.name for child in folder.iterdir() if (child / "_delta_log").is_dir())


def _names_at_address(root: str, layer: str) -> list[str]:
    # Imported here, because only a remote lakehouse needs it and it takes a tenth of a second.
    from pyarrow import fs

    filesystem, path = object_store.filesystem_of(root)
    children = filesystem.get_file_info(fs.FileSelector(f"{path}/{layer}", allow_not_found=True))
    folders = [child for child in children if child.type == fs.FileType.Directory]
    logs = filesystem.get_file_info([f"{folder.path}/_delta_log" for folder in folders]) if folders else []
    return sorted(
        folder.base_name for folder, log in zip(folders, logs, strict=True) if log.type == fs.FileType.Directory
    )
