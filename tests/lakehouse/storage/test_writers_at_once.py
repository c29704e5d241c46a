"""Writers in processes of their own: every commit is in the log, and every row in the table."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse.storage import commits, delta_log, partition_files, table_schema, table_shape
from lakehouse.tables.table import PARTITION, Table, col

pytestmark = pytest.mark.process

FIRST = dt.date(2024, 3, 1)
WRITER = """
import datetime as dt, sys
from tests.lakehouse.storage.test_writers_at_once import commit
number, count, by_files = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "files"
for step in range(count):
    commit(number * count + step, by_files)
    print(step, flush=True)
"""


def table() -> Table:
    return Table(
        layer="gold",
        name="days",
        columns=(PARTITION, col("value", "long")),
        key=("partition",),
        partition_by=("partition",),
        description="a row a day",
    )


def rows(day: dt.date) -> pa.Table:
    return pa.Table.from_pylist([{"partition": day, "value": 1}], table_schema.arrow_schema(table()))


def commit(number: int, by_files: bool) -> None:
    """One commit of one day: by rows, or by a file beside the log, as Spark's workers write them."""
    day = FIRST + dt.timedelta(days=number)
    replaced = {"partition": [day]}
    if not by_files:
        commits.replace_table(rows(day), table(), replaced)
        return
    table_shape.ensure(table())
    files = partition_files.TableFiles.of(table())()
    commits.replace_by_files([*files.write(rows(day)), *files.close()], table(), replaced)


def start(root: Path, number: int, count: int, how: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "LAKEHOUSE_ROOT": str(root)}
    command = [sys.executable, "-c", WRITER, str(number), str(count), how]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])


def test_no_commit_of_four_processes_is_lost(lakehouse_root: Path) -> None:
    table_shape.create(table())
    writers = [start(lakehouse_root, number, 6, how) for number, how in enumerate(["rows", "files", "rows", "files"])]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    assert delta_log.rows_by_day(table()) == {FIRST + dt.timedelta(days=number): 1 for number in range(24)}
    assert DeltaTable(delta_log.location(table())).version() == 24


def test_a_writer_that_is_killed_loses_at_most_what_it_had_not_said(lakehouse_root: Path) -> None:
    table_shape.create(table())
    writer = start(lakehouse_root, 0, 1000, "files")
    assert writer.stdout is not None
    for _ in range(3):
        writer.stdout.readline()
    time.sleep(0.01)
    writer.send_signal(signal.SIGKILL)
    told = 3 + len(writer.stdout.read().split())
    writer.wait()
    found = delta_log.rows_by_day(table())
    assert told <= len(found) <= told + 1
    # It held the table's lock, which ended with it.
    commit(2000, True)
    assert len(delta_log.rows_by_day(table())) == len(found) + 1
