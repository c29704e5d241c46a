"""The credit cards on some weeks of their data: three classes, and a probability for each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakehouse import tables
from lakehouse.declaration import loader
from lakehouse.storage import partition_rows
from tests.examples.conftest import Small

NAME = "credit_cards"
DAY = dt.date(2020, 7, 1)
CARDS = ("prepaid_card", "highstreet_card", "upmarket_card")


@pytest.fixture(scope="module")
def done(small: Small) -> dict[str, Any]:
    first = DAY - dt.timedelta(days=40)
    return small.run(NAME, first, DAY, train=(40, 28), validation=(20, 18), holdout=(10, 7))


def test_every_row_of_the_feed_keeps_its_contract(done: dict[str, Any]) -> None:
    assert {done[source]["rejected_rows"] for source in loader.by_name(NAME).reads} == {0}


def test_the_model_has_learned(done: dict[str, Any]) -> None:
    measured = done["train"]["metrics"]
    assert done["gate"]["verdict"] == "promoted"
    assert measured["model"]["log_loss"] < 0.75 < measured["baseline_constant"]["log_loss"]
    assert measured["model"]["accuracy"] > 0.68


def test_a_day_has_a_decision_and_three_probabilities_for_each_application(done: dict[str, Any]) -> None:
    rows = partition_rows.read(tables.scores(loader.by_name(NAME)), [DAY])
    assert len({row["application"] for row in rows}) == len(rows) > 400
    assert {row["decision"] for row in rows} == set(CARDS)
    for row in rows:
        chances = {card: row[f"probability_{card}"] for card in CARDS}
        assert sum(chances.values()) == pytest.approx(1, abs=1e-6)
        assert row["score"] == chances[row["decision"]] == max(chances.values())
    assert done["monitor"]["verdict"] == "ordinary"
