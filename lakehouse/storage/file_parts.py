"""Parts of a table's files, each as much as a worker reads for one task: a file's name travels, its rows do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.storage import delta_log, stored_files, table_schema
from lakehouse.tables import Table

# Of a part: some seconds of work, so that the cores end together, and a part's own cost, a footer, is not seen.
ROWS_A_PART = 500_000
# That a worker has in memory at a time: 20 features of them are 16 MB as Arrow reads them.
ROWS_AT_A_TIME = 100_000


@dataclass(frozen=True)
class FilePart:
    """Every ``of``-th row group of a file, from the ``number``-th on.

    Attributes:
        path: of the file, as the table's log has it.
        day: of its rows.
        number: from 0.
        of: into how many parts the file is divided.
    """

    path: str
    day: dt.date
    number: int
    of: int


def parts_of(table: Table, days: Collection[dt.date], at_version: int | None = None) -> list[FilePart]:
    """The parts of the table's files of these days, as of a version or now."""
    opened = DeltaTable(delta_log.location(table), version=at_version)
    parts = []
    for file in pa.table(opened.get_add_actions(flatten=True)).to_pylist():
        if file["partition.partition"] in days:
            of = max(1, ceil(file["num_records"] / ROWS_A_PART))
            parts += [FilePart(file["path"], file["partition.partition"], number, of) for number in range(of)]
    return parts


@dataclass(frozen=True)
class PartReader:
    """Reads some columns of parts; it can be sent to a worker.

    Attributes:
        location: of the table.
        columns: to read, typed as declared; one that a file does not have is null.
    """

    location: str
    columns: pa.Schema

    @classmethod
    def of(cls, table: Table, names: Sequence[str]) -> PartReader:
        """What reads these declared columns of the table."""
        declared = table_schema.arrow_schema(table)
        return cls(delta_log.location(table), pa.schema([declared.field(name) for name in names]))

    def read(self, part: FilePart) -> Iterator[pa.Table]:
        """The rows of the part, some at a time."""
        file = stored_files.opened(self.location, part.path)
        present = [name for name in file.schema_arrow.names if name in self.columns.names]
        groups = list(range(part.number, file.num_row_groups, part.of))
        # One thread: there is a worker for each core.
        batches = file.iter_batches(ROWS_AT_A_TIME, row_groups=groups, columns=present, use_threads=False)
        for batch in batches if groups else ():
            yield stored_files.with_columns(batch, self.columns, {"partition": part.day})
