"""The purchases on some months of their data: a population, a computed label, and scores on Mondays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import delta_log, partition_rows
from tests.examples.conftest import Small

NAME = "next_purchase"
# A Monday.
DAY = dt.date(2014, 6, 30)


@pytest.fixture(scope="module")
def done(small: Small) -> dict[str, Any]:
    return small.run(NAME, dt.date(2014, 1, 1), DAY, train=(124, 104), validation=(73, 67), holdout=(36, 30))


def test_every_row_of_the_feed_keeps_its_contract(done: dict[str, Any]) -> None:
    assert {done[source]["rejected_rows"] for source in loader.by_name(NAME).reads} == {0}


def test_the_model_has_learned_from_mondays_alone(done: dict[str, Any]) -> None:
    measured, use_case = done["train"]["metrics"], loader.by_name(NAME)
    assert done["gate"]["verdict"] == "promoted"
    assert measured["model"]["roc_auc"] > 0.75
    built = delta_log.rows_by_day(tables.features(use_case))
    assert {day.isoweekday() for day in built} == {1}


def test_every_customer_who_is_known_has_a_score(done: dict[str, Any], small: Small) -> None:
    rows = partition_rows.read(tables.scores(loader.by_name(NAME)), [DAY])
    landed = (small.folder / "landing" / "shop_customers").glob("*.csv")
    known = {line.split(",")[0] for file in landed for line in file.read_text(encoding="utf-8").splitlines()[1:]}
    assert {str(row["customer"]) for row in rows} == known
    assert len(rows) == len(known) > 3000
    assert done["monitor"]["verdict"] == "ordinary"
