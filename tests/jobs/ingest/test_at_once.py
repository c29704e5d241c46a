"""Runs that ingest at the same time: nothing is lost, nothing doubled, and the tables are those of one run after another."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deltalake import DeltaTable

from jobs.ingest import job, silver
from jobs.ingest.arguments import IngestArguments
from lakehouse.errors import DeliveryChanged
from lakehouse.ops import deliveries
from tests.use_cases import bakery

DAY = dt.date(2024, 3, 5)
HEADER = "shop,bread,planned,price"


def ingest(day: dt.date = DAY) -> dict[str, object]:
    return job.run(IngestArguments(source="bakery_plan", partition=day)).as_json()


def silver_rows(root: Path) -> list[tuple[object, ...]]:
    rows = DeltaTable(root / "silver/bakery_plan").to_pyarrow_table().to_pylist()
    return sorted((row["partition"], row["shop"], row["bread"], row["planned"], row["line"]) for row in rows)


def test_eight_days_at_once_are_the_days_as_one_range(
    lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [DAY + dt.timedelta(days=offset) for offset in range(8)]
    bakery.deliver(landing_root, days[0], days[-1])
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert [result["status"] for result in pool.map(ingest, days)] == ["ingested"] * 8
    assert [
        line.partition for line in sorted(deliveries.lines_of(["bakery_plan"]), key=lambda line: line.partition)
    ] == days
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(lakehouse_root.parent / "range"))
    job.run(IngestArguments(source="bakery_plan", partition=days[0], through=days[-1])).as_json()
    assert silver_rows(lakehouse_root) == silver_rows(lakehouse_root.parent / "range")


def test_the_same_day_from_two_runs_at_once_is_one_result(lakehouse_root: Path, landing_root: Path) -> None:
    bakery.write(landing_root, "bakery_plan", DAY, [HEADER, "canal,rye,3,4", "market,rye,5,4"])
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(ingest, [DAY, DAY]))
    assert silver_rows(lakehouse_root) == [(DAY, "canal", "rye", 3, 2), (DAY, "market", "rye", 5, 3)]
    (line,) = deliveries.lines_of(["bakery_plan"])
    assert line.accepted_rows == 2
    assert len(DeltaTable(lakehouse_root / "bronze/bakery_plan").to_pyarrow_table()) == 2


def test_a_correction_that_another_run_takes_in_meanwhile_is_not_lost(
    lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery.write(landing_root, "bakery_plan", DAY, [HEADER, "canal,rye,3,4", "market,rye,5,4"])
    write = silver.write

    def overtaken(*arguments: object) -> None:
        """What the slow run does, after a quick one has taken in the corrected file."""
        monkeypatch.setattr(silver, "write", write)
        bakery.write(landing_root, "bakery_plan", DAY, [HEADER, "canal,rye,8,4"])
        ingest()
        write(*arguments)

    monkeypatch.setattr(silver, "write", overtaken)
    ingest()
    assert silver_rows(lakehouse_root) == [(DAY, "canal", "rye", 8, 2), (DAY, "market", "rye", 5, 3)]
    assert len(deliveries.lines_of(["bakery_plan"])) == 2


def test_a_file_that_is_replaced_while_it_is_read_is_not_taken_for_what_it_was(
    lakehouse_root: Path, landing_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery.write(landing_root, "bakery_plan", DAY, [HEADER, "canal,rye,3,4"])
    landed = job.landed

    def replaced(*arguments: object) -> object:
        found = landed(*arguments)
        bakery.write(landing_root, "bakery_plan", DAY, [HEADER, "canal,rye,8,4"])
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(job, "landed", replaced)
        with pytest.raises(DeliveryChanged, match=r"2024-03-05\.csv to stay as it was"):
            ingest()
    assert deliveries.lines_of(["bakery_plan"]) == []
    ingest()
    assert silver_rows(lakehouse_root) == [(DAY, "canal", "rye", 8, 2)]
