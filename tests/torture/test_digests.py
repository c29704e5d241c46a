"""The comparison finds what a kill could do to a table, and nothing else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.torture import digests

DAYS = (dt.date(2024, 3, 5), dt.date(2024, 3, 6))


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    write(tmp_path / "warehouse", [(day, shop) for day in DAYS for shop in ("canal", "market")])
    return tmp_path / "warehouse"


def write(warehouse: Path, rows: list[tuple[dt.date, str]], hour: int = 1) -> None:
    content = {
        "partition": [day for day, _ in rows],
        "shop": [shop for _, shop in rows],
        "scored_at": [dt.datetime(2024, 3, 7, hour, tzinfo=dt.UTC)] * len(rows),
    }
    write_deltalake(warehouse / "gold" / "t", pa.table(content), mode="overwrite", partition_by=["partition"])


def contents(warehouse: Path) -> dict[digests.Part, str]:
    return digests.contents(warehouse, warehouse.parent / "landing")


def test_the_same_rows_in_another_order_at_another_hour_are_equal(warehouse: Path) -> None:
    before = contents(warehouse)
    write(warehouse, [(day, shop) for day in reversed(DAYS) for shop in ("market", "canal")], hour=2)
    assert set(before) == {("gold.t", str(day)) for day in DAYS}
    assert digests.differences(contents(warehouse), before) == []


@pytest.mark.parametrize(
    "second_day",
    [[], ["canal"], ["canal", "canal"], ["canal", "market", "market"], ["canal", "castle"]],
    ids=["lost", "half", "one for another", "doubled", "changed"],
)
def test_rows_lost_doubled_or_changed_are_told_by_day(warehouse: Path, second_day: list[str]) -> None:
    before = contents(warehouse)
    write(warehouse, [(DAYS[0], "canal"), (DAYS[0], "market"), *((DAYS[1], shop) for shop in second_day)])
    (told,) = digests.differences(contents(warehouse), before)
    assert told.startswith(f"gold.t {DAYS[1]}: expected 2 rows")


def test_a_day_may_be_as_before_a_step_or_as_after_it_and_nothing_else(warehouse: Path) -> None:
    before = contents(warehouse)
    write(warehouse, [(DAYS[0], "castle"), (DAYS[1], "castle")])
    after = contents(warehouse)
    mixed = {**before, ("gold.t", str(DAYS[1])): after["gold.t", str(DAYS[1])]}
    assert digests.halves(mixed, before, after) == []
    write(warehouse, [(DAYS[0], "castle"), (DAYS[0], "canal"), (DAYS[1], "castle")])
    assert len(digests.halves(contents(warehouse), before, after)) == 1


def test_what_a_kill_left_of_a_table_that_was_about_to_be_made_is_no_table(warehouse: Path) -> None:
    before = contents(warehouse)
    (warehouse / "gold" / "begun" / "_delta_log").mkdir(parents=True)
    assert contents(warehouse) == before


def test_an_attempt_that_recorded_its_failure_leaves_the_audit_log_as_it_was(warehouse: Path) -> None:
    def log(*events: str) -> None:
        content = {"model_name": ["m"] * len(events), "event": list(events)}
        write_deltalake(warehouse / "ops" / "model_events", pa.table(content), mode="overwrite")

    log("registered", "promoted")
    before = contents(warehouse)
    log("registered", "retraining failed", "promoted")
    assert contents(warehouse) == before
    log("registered", "held", "promoted")
    assert digests.differences(contents(warehouse), before)
