"""Files of days, read column by column."""

from __future__ import annotations

import datetime as dt
import pickle
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.storage import delta_log, table_schema
from lakehouse.storage.day_files import DayFiles
from lakehouse.tables import Table
from lakehouse.tables.table import PARTITION, col

DAYS = [dt.date(2024, 1, day) for day in (1, 2, 3)]
TABLE = Table(
    layer="gold",
    name="toy",
    columns=(col("id", "int"), col("role", "string"), col("later", "double", nullable=True), PARTITION),
    key=("id", "role", "partition"),
    partition_by=("partition", "role"),
    description="t",
)  # fmt: skip


def write(day: dt.date, role: str, *ids: int) -> None:
    """Rows by an earlier declaration, without the column ``later``."""
    schema = table_schema.arrow_schema(TABLE)
    earlier = pa.schema([field for field in schema if field.name != "later"])
    rows = pa.Table.from_pylist([{"id": number, "role": role, "partition": day} for number in ids], earlier)
    write_deltalake(delta_log.location(TABLE), rows, mode="append", partition_by=["partition", "role"])


def test_a_day_is_read_with_the_values_of_its_partition_and_null_for_a_new_column(lakehouse_root: Path) -> None:
    write(DAYS[0], "champion", 1, 2)
    write(DAYS[0], "challenger in shadow", 1)
    write(DAYS[1], "champion", 3)
    files = DayFiles.of(TABLE, DAYS, role="champion")
    assert files.rows == 3 and set(files.by_day) == set(DAYS[:2])
    rows = files.read(DAYS[0], ["later", "id", "role"])
    assert rows.to_pydict() == {"later": [None, None], "id": [1, 2], "role": ["champion"] * 2}
    assert files.read(DAYS[0], ["later"]).to_pydict() == {"later": [None, None]}
    assert (
        sorted(DayFiles.of(TABLE, DAYS).read(DAYS[0], ["role"]).column("role").to_pylist())[0] == "challenger in shadow"
    )
    assert files.read(DAYS[2], ["id"]).schema == files.read(DAYS[1], ["id"]).schema


def test_a_worker_reads_the_files_that_were_there_when_they_were_looked_up(lakehouse_root: Path) -> None:
    write(DAYS[0], "champion", 1)
    files = pickle.loads(pickle.dumps(DayFiles.of(TABLE, DAYS)))
    write(DAYS[0], "champion", 2)
    assert files.read(DAYS[0], ["id"]).column("id").to_pylist() == [1]


def test_a_table_that_does_not_exist_has_no_files(lakehouse_root: Path) -> None:
    assert DayFiles.of(TABLE, DAYS).rows == 0
