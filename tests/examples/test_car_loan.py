"""The car loans on some weeks of their data: categories, and labels that are known 30 days later."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import partition_rows
from tests.examples.conftest import Small

NAME = "car_loan"
DAY = dt.date(2018, 6, 20)


@pytest.fixture(scope="module")
def done(small: Small) -> dict[str, Any]:
    first = DAY - dt.timedelta(days=112)
    return small.run(NAME, first, DAY, train=(112, 98), validation=(67, 64), holdout=(33, 30))


def test_every_row_of_the_feed_keeps_its_contract(done: dict[str, Any]) -> None:
    assert {done[source]["rejected_rows"] for source in loader.by_name(NAME).reads} == {0}


def test_the_model_has_learned(done: dict[str, Any]) -> None:
    measured = done["train"]["metrics"]
    assert done["gate"]["verdict"] == "promoted"
    assert measured["model"]["roc_auc"] > 0.94
    assert measured["model"]["log_loss"] < measured["baseline_constant"]["log_loss"] / 2


def test_a_day_has_a_score_for_each_application(done: dict[str, Any]) -> None:
    rows = partition_rows.read(tables.scores(loader.by_name(NAME)), [DAY])
    assert len({row["application"] for row in rows}) == len(rows) == done["score"]["rows"] > 150
    assert {row["decision"] for row in rows} == {True, False}
    assert done["monitor"]["verdict"] == "ordinary"
