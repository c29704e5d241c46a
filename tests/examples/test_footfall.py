"""The footfall example on some weeks of its data: from the deliveries to a monitored day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import partition_rows
from tests.examples.conftest import Small

NAME = "footfall"
DAY = dt.date(2024, 6, 1)


@pytest.fixture(scope="module")
def done(small: Small) -> dict[str, Any]:
    return small.run(NAME, dt.date(2024, 1, 1), DAY, train=(60, 22), validation=(20, 12), holdout=(10, 1))


def test_every_row_of_the_feed_keeps_its_contract(done: dict[str, Any]) -> None:
    assert {done[source]["rejected_rows"] for source in loader.by_name(NAME).reads} == {0}


def test_the_model_has_learned(done: dict[str, Any]) -> None:
    measured = done["train"]["metrics"]
    assert done["gate"]["verdict"] == "promoted"
    assert measured["model"]["r2"] > 0.85
    assert measured["model"]["mae"] < measured["baseline_constant"]["mae"] / 3


def test_a_day_has_a_score_for_each_sensor(done: dict[str, Any]) -> None:
    rows = partition_rows.read(tables.scores(loader.by_name(NAME)), [DAY])
    assert len({row["sensor"] for row in rows}) == len(rows) == 21
    assert done["monitor"]["verdict"] == "ordinary"
