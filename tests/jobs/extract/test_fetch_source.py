"""The example of docs/sources.md, word for word, against a service that is slow, repeats, changes and breaks off.

The service runs in this process (tests/http_server.py).
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.__main__ import main
from jobs.extract import job as extract_job
from jobs.extract.arguments import ExtractArguments
from jobs.ingest import job as ingest_job
from jobs.ingest.arguments import IngestArguments
from lakehouse.extraction import http_page
from lakehouse.settings import PROJECT_ROOT
from tests.http_server import FAULTS, Fault, Orders, Request
from tests.lakehouse.extraction import shipments

DAY = dt.date(2024, 3, 5)
CHANGED = "2024-02-01T00:00:00Z"
ROWS = [{"id": f"a{number}", "pieces": number, "changedAt": CHANGED} for number in range(1, 9)]


def example() -> str:
    """The code of the documentation."""
    page = (PROJECT_ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(code)


@pytest.fixture
def orders(orders_server: Orders, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Orders:
    """The service with eight orders, and the source ``orders`` that the example fetches from it."""
    root = lakehouse_root.parent / "own"
    shipments.declare(root, example(), fetch={"connection": "shop"})
    monkeypatch.setenv("USE_CASE_ROOTS", str(root))
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", orders_server.address)
    monkeypatch.setattr(http_page, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(http_page, "TIMEOUT", httpx.Timeout(0.4))
    orders_server.clear(ROWS)
    return orders_server


def extract(day: dt.date = DAY) -> dict[str, Any]:
    return extract_job.run(ExtractArguments(source="orders", partition=day)).as_json()


def behaving(orders: Orders, fault: Fault | None, day: dt.date) -> dict[str, int]:
    """Extract ``day`` while the service behaves so; what it had at the end."""
    orders.clear(ROWS)
    orders.fault = fault
    assert extract(day)["documents"] == len(orders.rows)
    return {row["id"]: row["pieces"] for row in orders.rows.values()}


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in ("growing", "shrinking", "changing")])
def test_however_the_service_behaves_the_same_rows_are_the_same_bytes(
    orders: Orders, landing_root: Path, fault: str
) -> None:
    file = Path(extract()["file"])
    quiet = file.read_bytes()
    orders.clear(ROWS)
    orders.fault = FAULTS[fault]
    extract()
    assert file.read_bytes() == quiet
    assert [left.name for left in (landing_root / "orders").iterdir()] == [file.name]


def test_whatever_happens_in_between_silver_has_exactly_the_services_rows(
    spark: SparkSession, lakehouse_root: Path, orders: Orders
) -> None:
    days = {DAY + dt.timedelta(days=number): fault for number, fault in enumerate(FAULTS.values())}
    expected = {day: behaving(orders, fault, day) for day, fault in days.items()}
    last = max(days)
    counted = ingest_job.run(IngestArguments(source="orders", partition=DAY, through=last)).as_json()
    assert counted["rejected_rows"] == 0
    assert silver(lakehouse_root) == expected

    # The ledger says where the next window begins.
    tomorrow = last + dt.timedelta(days=1)
    orders.clear([*ROWS[:7], {"id": "a8", "pieces": 80, "changedAt": f"{last}T12:00:00Z"}])
    assert extract(tomorrow)["documents"] == 1
    assert orders.asked[0]["since"] == f"{last - dt.timedelta(days=1)}T23:00:00+00:00"
    ingest_job.run(IngestArguments(source="orders", partition=tomorrow))
    assert silver(lakehouse_root) == {**expected, tomorrow: {"a8": 80}}


def silver(root: Path) -> dict[dt.date, dict[str, int]]:
    found: dict[dt.date, dict[str, int]] = {}
    for row in DeltaTable(root / "silver/orders").to_pyarrow_table().to_pylist():
        found.setdefault(row["partition"], {})[row["order_id"]] = row["pieces"]
    return found


def test_a_service_that_stays_down_is_unavailable_and_one_that_refuses_refused(
    orders: Orders, landing_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, caplog: Any
) -> None:
    def down(orders: Orders, request: Request) -> bool:
        request.send({"error": "ann:s3cret has no luck"}, 503)
        return True

    orders.fault = down
    assert main(["extract", "--source", "orders", "--partition", str(DAY)]) == 16
    monkeypatch.setenv("NIGHTJAR_CONNECTION_SHOP", orders.address.replace("s3cret", "wr0ngone"))
    assert main(["extract", "--source", "orders", "--partition", str(DAY)]) == 17
    told = capsys.readouterr().err
    assert "ERROR SourceUnavailable: source orders: GET http://127.0.0.1" in told
    assert "ERROR SourceRefused: source orders: GET http://127.0.0.1" in told
    assert not [secret for secret in ("s3cret", "wr0ngone") if secret in told + caplog.text]
    assert not landing_root.exists()


def test_rows_that_never_hold_still_do_not_land(orders: Orders, landing_root: Path, capsys: Any) -> None:
    def restless(orders: Orders, request: Request) -> None:
        orders.rows["a1"] = {**ROWS[0], "pieces": request.number}

    orders.fault = restless
    assert main(["extract", "--source", "orders", "--partition", str(DAY)]) == 16
    assert "expected two passes in a row with the same rows, found none in 4" in capsys.readouterr().err
    assert not landing_root.exists()


def test_a_kill_in_the_middle_lands_nothing_and_the_next_run_does_it_all(orders: Orders, landing_root: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def waiting(orders: Orders, request: Request) -> None:
        if request.number == 2:
            reached.set()
            go_on.wait(30)

    orders.fault = waiting
    command = [sys.executable, "-m", "jobs", "extract", "--source", "orders", "--partition", str(DAY)]
    with subprocess.Popen(command, env=dict(os.environ), cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL) as process:
        assert reached.wait(60)
        process.kill()
    go_on.set()
    assert not landing_root.exists()
    orders.fault = None
    assert extract()["documents"] == len(ROWS)
