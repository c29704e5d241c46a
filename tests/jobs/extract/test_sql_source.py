"""From a table to silver: extract lands a window, ingest takes it in, the books add up."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.__main__ import main
from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import deliveries
from tests.lakehouse.extraction import shipments

DAY = dt.date(2024, 3, 5)
SECOND, THIRD = DAY + dt.timedelta(days=1), DAY + dt.timedelta(days=2)
COLUMNS = [
    {"name": "order_id", "type": "long", "field": "Order No"},
    {"name": "pieces", "type": "int", "nullable": True},
]


@pytest.fixture
def office(lakehouse_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """The database of a source ``orders``."""
    monkeypatch.setenv("USE_CASE_ROOTS", str(tmp_path / "own"))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", f"sqlite:///{tmp_path}/office.db")
    with closing(sqlite3.connect(tmp_path / "office.db", isolation_level=None)) as made:
        made.execute('CREATE TABLE "Orders" ("Order No" INTEGER, pieces, "Changed At" TEXT)')
        yield made


def declare(tmp_path: Path, **source: Any) -> None:
    dated = {} if "delivers" in source else {"updated_at": "Changed At"}
    section = {"connection": "office", "table": "Orders", **dated}
    shipments.declare(tmp_path / "own", "", columns=COLUMNS, fetch=None, sql=section, **source)


def extract(tmp_path: Path, day: dt.date) -> tuple[int, dict[str, Any]]:
    """The exit code and the result of the job, as a scheduler sees them."""
    file = tmp_path / "result.json"
    code = main(["extract", "--source=orders", f"--partition={day}", f"--result={file}"])
    return code, json.loads(file.read_text())


def ingest(day: dt.date) -> dict[str, Any]:
    return ingest_job.run(IngestArguments(source="orders", partition=day)).as_json()


def silver(root: Path) -> dict[tuple[int, dt.date], Any]:
    table = DeltaTable(root / "silver/orders").to_pyarrow_table().to_pylist()
    return {(row["order_id"], row["partition"]): row["pieces"] for row in table}


def test_what_changed_reaches_silver_once_and_a_refused_window_is_read_again(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, office: sqlite3.Connection
) -> None:
    declare(tmp_path)
    rows = [(1, 5, "2024-03-04 12:00"), (2, 6, "2024-03-04 12:00"), (3, 7, None)]
    office.executemany('INSERT INTO "Orders" VALUES (?, ?, ?)', rows)
    file = str(lakehouse_root.parent / f"landing/orders/{DAY}.jsonl.gz")
    assert extract(tmp_path, DAY) == (
        0,
        {
            "status": "extracted",
            "file": file,
            "files": [file],
            "origin": "sql office Orders Changed At from the beginning until 2024-03-04T23:00:00Z",
            "documents": 3,
            "undated_documents": 1,
        },
    )
    counted = ingest(DAY)
    assert (counted["delivered_rows"], counted["accepted_rows"]) == (3, 3)
    extract(tmp_path, DAY)
    assert ingest(DAY)["status"] == "unchanged"
    office.execute('UPDATE "Orders" SET pieces = \'many\', "Changed At" = \'2024-03-05 12:00\' WHERE "Order No" < 3')
    assert extract(tmp_path, SECOND)[1]["documents"] == 3
    with pytest.raises(DeliveryRejected, match="sql office Orders Changed At from"):
        ingest(SECOND)
    office.execute('UPDATE "Orders" SET pieces = 8 WHERE "Order No" < 3')
    assert extract(tmp_path, THIRD)[1]["origin"].endswith("from 2024-03-04T23:00:00Z until 2024-03-06T23:00:00Z")
    ingest(THIRD)
    assert silver(lakehouse_root) == {
        **{(number, DAY): pieces for number, pieces in ((1, 5), (2, 6), (3, 7))},
        **{(number, THIRD): pieces for number, pieces in ((1, 8), (2, 8), (3, 7))},
    }
    assert [line.status for line in deliveries.lines_of(["orders"])] == ["ingested", "refused", "ingested"]


def test_a_row_that_a_table_has_lost_is_no_longer_in_the_snapshot_of_the_day(
    spark: SparkSession, lakehouse_root: Path, tmp_path: Path, office: sqlite3.Connection
) -> None:
    declare(tmp_path, delivers="snapshot")
    office.executemany('INSERT INTO "Orders" VALUES (?, ?, NULL)', [(1, 5), (2, 6)])
    extract(tmp_path, DAY)
    ingest(DAY)
    office.execute('DELETE FROM "Orders" WHERE "Order No" = 1')
    extract(tmp_path, DAY)
    ingest(DAY)
    assert silver(lakehouse_root) == {(2, DAY): 6}
    # Empty, it lands nothing: a snapshot without rows would delete them all.
    office.execute('DELETE FROM "Orders"')
    assert extract(tmp_path, SECOND)[1]["status"] == "none"
    # A day that is past has no rows any more.
    extract(tmp_path, DAY - dt.timedelta(days=1))
    code, result = extract(tmp_path, DAY - dt.timedelta(days=1))
    assert (code, result["error"]) == (2, "BadArguments")


def test_an_error_is_an_exit_code_without_the_password(
    tmp_path: Path, office: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(tmp_path)
    for address, name, code in (
        ("postgresql://ann:s3cret@127.0.0.1:1/x", "SourceUnavailable", 16),
        ("postgresql://ann:s3cret@host:port/x", "ConnectionWrong", 40),
        ("sqlite:////nowhere/s3cret.db", "SourceRefused", 17),
    ):
        monkeypatch.setenv("NIGHTJAR_CONNECTION_OFFICE", address)
        monkeypatch.setattr("lakehouse.extraction.from_sql.TRIES", 1)
        found, result = extract(tmp_path, DAY)
        assert (found, result["error"]) == (code, name)
        assert "ann:" not in capsys.readouterr().err + str(result)
