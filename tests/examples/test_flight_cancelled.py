"""Cancelled flights on some weeks of the flights' own data: shared sources and a shared feature group."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import Any

import pytest

from include.flight_delays.demo import feed as flights
from jobs.features import job as features
from jobs.features.arguments import FeaturesArguments
from jobs.groups import job as group
from jobs.groups.arguments import GroupArguments
from jobs.ingest import job as ingest
from jobs.ingest.arguments import IngestArguments
from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import partition_rows
from tests.examples.chain import EXAMPLES
from tests.examples.conftest import Small

NAME, SHIPS = "flight_cancelled", "flight_delays"
DAY = dt.date(2013, 3, 15)
NEW_YEAR = dt.date(2013, 1, 1)


@pytest.fixture(scope="module")
def done(small: Small) -> dict[str, Any]:
    first = DAY - dt.timedelta(days=40 + 7)
    return small.run(NAME, first, DAY, train=(40, 14), validation=(12, 8), holdout=(6, 1))


def test_the_model_has_learned(done: dict[str, Any]) -> None:
    measured = done["train"]["metrics"]
    assert done["gate"]["verdict"] == "promoted"
    assert measured["model"]["roc_auc"] > 0.6
    assert measured["model"]["log_loss"] < measured["baseline_constant"]["log_loss"]


def test_a_day_has_a_score_for_each_flight(done: dict[str, Any]) -> None:
    rows = partition_rows.read(tables.scores(loader.by_name(NAME)), [DAY])
    assert len(rows) == done["score"]["rows"] > 800


def test_the_use_case_that_ships_takes_the_same_group_and_has_the_same_values(
    small: Small, done: dict[str, Any]
) -> None:
    # As the page says: its folder with two lines more.
    copy = shutil.copytree(PROJECT_ROOT / "include" / SHIPS, small.folder / "use_cases" / SHIPS)
    (two_lines,) = [part for part in page().split("```yaml\n")[1:] if part.startswith("groups:")]
    declared = (copy / "use_case.yaml").read_text(encoding="utf-8") + two_lines.split("```")[0]
    (copy / "use_case.yaml").write_text(declared, encoding="utf-8")
    flights.deliver(small.folder / "landing", NEW_YEAR, NEW_YEAR, ["planes"])
    ingest.run(IngestArguments(source="planes", partition=NEW_YEAR))

    assert features.run(FeaturesArguments(use_case=SHIPS, partition=DAY)).status == "built"

    record = {name for name in loader.by_name(NAME).feature_names if name.startswith("airport_record_v1_")}
    ours, theirs = (rows_by_flight(name, record) for name in (SHIPS, NAME))
    assert len(record) == 4 and len(ours) > 800
    assert ours == theirs
    assert any(value is not None for row in ours.values() for value in row.values())
    again = group.run(GroupArguments(group="airport_record", version=1, partition=DAY))
    assert again.status == "unchanged"


def page() -> str:
    return (EXAMPLES / NAME / "README.md").read_text(encoding="utf-8")


def rows_by_flight(name: str, columns: set[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    use_case = loader.by_name(name)
    rows = partition_rows.read(tables.features(use_case), [DAY])
    return {tuple(row[key] for key in use_case.entity.key): {column: row[column] for column in columns} for row in rows}
