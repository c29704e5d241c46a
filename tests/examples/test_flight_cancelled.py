"""Cancelled flights on some weeks of the flights' own data: shared sources and a shared feature group."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import partition_rows
from tests.examples.conftest import Small

NAME = "flight_cancelled"
DAY = dt.date(2013, 3, 15)


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
