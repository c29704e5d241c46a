"""Which facts the records have, and the words for them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from lakehouse import tables
from lakehouse.alerts import facts
from lakehouse.alerts.fact import MEANING, Fact, Message
from lakehouse.declaration import UseCase
from lakehouse.declaration.alerts import EVENTS, Event
from lakehouse.ops import deliveries, model_events
from lakehouse.ops.deliveries import Delivery
from lakehouse.ops.model_events import Event as ModelEvent
from lakehouse.settings import PROJECT_ROOT
from lakehouse.storage import commits
from tests.jobs import appointments

NOW = dt.datetime(2024, 6, 10, 12, tzinfo=dt.UTC)
DAY = dt.date(2024, 6, 10)
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def use_case(lakehouse_root: Path) -> UseCase:
    return UseCase.model_validate(appointments.declaration())


def recorded(event: str, days_ago: float, version: int = 2, name: str = "m") -> None:
    at = NOW - days_ago * A_DAY
    model_events.record(
        ModelEvent(name, version, event, 1, "ann", "because\nof this", {"partition": str(DAY)}, "r", at)
    )


def test_the_news_of_the_models_are_told_with_their_reasons(lakehouse_root: Path) -> None:
    for days_ago, event in enumerate(
        (model_events.REQUESTED, model_events.REGISTERED, model_events.HELD, model_events.ROLLED_BACK)
    ):
        recorded(event, days_ago)
    recorded(model_events.PROMOTED, facts.NEWS_DAYS + 0.1)
    recorded(model_events.PROMOTED, 1, name="another")
    found = {one.event: one for one in facts.of_models("m", NOW - facts.NEWS, "http://mlflow")}
    assert set(found) == {"retraining", "held", "rolled_back"}
    assert found["held"].happened == "m: version 2 is held by the gate, by ann: because of this"
    assert found["held"].page == "http://mlflow/#/models/m/versions/2" and found["held"].dag == "train__m"
    assert found["retraining"].title == "m: a retraining is asked for"
    again = list(facts.of_models("m", NOW - facts.NEWS, "http://elsewhere"))
    assert {one.id for one in again} == {one.id for one in found.values()}


def delivered(number: int, status: str, at: dt.datetime = NOW) -> None:
    counts = (10, 4, 6, 0) if status == deliveries.INGESTED else (10, 0, 10, 0)
    deliveries.record([Delivery("plan", f"d{number}", DAY, f"/landing/{number}.csv", "c", *counts, status, at)])


def test_a_refused_delivery_is_told_and_its_reason_where_somebody_knows_it(lakehouse_root: Path) -> None:
    delivered(1, deliveries.REFUSED)
    delivered(2, deliveries.INGESTED)
    delivered(3, deliveries.REFUSED, NOW - 8 * A_DAY)
    (found,) = facts.of_deliveries(["plan", "other"], NOW - facts.NEWS)
    assert found.title == "plan: the delivery of 2024-06-10 was refused" and "the log of the task" in found.happened
    cause = "DeliveryRejected: source plan: /landing/1.csv: header: missing column(s) id"
    (known,) = facts.of_deliveries(["plan"], NOW - facts.NEWS, cause)
    assert known.id == found.id and known.happened.endswith(cause)
    assert list(facts.of_deliveries(["plan"], NOW - facts.NEWS, "DeliveryRejected: source plan: /landing/9.csv")) == []


def judged(
    use_case: UseCase, day: dt.date, is_violated: bool, reason: str = "PSI of the scores 0.6 (limit 0.5)"
) -> None:
    row: dict[str, Any] = {
        "partition": day, "model_version": 1, "kind": "verdict", "feature": "all", "statistic": "violated",
        "value": float(is_violated), "limit": None, "violated": is_violated, "reason": reason,
    }  # fmt: skip
    commits.replace_rows(tables.drift(use_case), [row], f"partition = '{day}'")


def test_violated_days_are_told_the_newest_alone_and_once_whatever_their_reasons_become(use_case: UseCase) -> None:
    for back in range(facts.NEWS_DAYS + 2):
        judged(use_case, DAY - back * A_DAY, back in (1, facts.NEWS_DAYS + 1))
    (found,) = facts.of_verdicts(use_case, NOW)
    assert found.title == f"{use_case.name}: 2024-06-09 is violated" and "0.6 (limit 0.5)" in found.happened
    judged(use_case, DAY - A_DAY, True, "PSI of the scores 0.7 (limit 0.5)")
    assert [one.id for one in facts.of_verdicts(use_case, NOW)] == [found.id]


def test_a_use_case_without_any_table_has_nothing_to_tell(use_case: UseCase) -> None:
    assert facts.of_records(use_case, NOW) == []


def test_a_night_is_late_while_its_scores_are_not_there(use_case: UseCase, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: dict[str, int] = {}
    monkeypatch.setattr(facts.delta_log, "exists", lambda table: table.name in rows)
    monkeypatch.setattr(facts.delta_log, "rows_in", lambda table, days: rows[table.name])
    nothing = facts.late(use_case, DAY, "06:30", NOW)
    assert nothing is not None and "its features are not built yet" in nothing.happened
    rows[tables.features(use_case).name] = 5
    built = facts.late(use_case, DAY, "06:30", NOW)
    assert built is not None and built.dag == f"score__{use_case.name}" and built.id == nothing.id
    rows[tables.scores(use_case).name] = 5
    assert facts.late(use_case, DAY, "06:30", NOW) is None


def test_of_a_day_that_is_not_scored_none_are_due(lakehouse_root: Path) -> None:
    declared = appointments.declaration()
    declared["calendar"] = {**declared["calendar"], "scores": {"weekly": ["sunday"]}}
    assert facts.late(UseCase.model_construct(**vars(UseCase.model_validate(declared))), DAY, "06:30", NOW) is None


def test_every_event_has_its_words_and_its_place_in_the_run_book() -> None:
    assert set(MEANING) == set(EVENTS) == set(get_args(Event))
    headings = re.findall(
        r"^#+ (.*)$", (PROJECT_ROOT / "docs" / "on-call.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert {anchor for _, _, anchor in MEANING.values()} <= anchors


def test_a_message_says_what_happened_what_it_means_what_to_do_and_where_to_look() -> None:
    fact = facts.fallback("m", DAY, {"last score": 3, "base rate": 2}, "fallback__m", NOW)
    message = Message.of(fact, "http://airflow/dags/score__m/runs/r")
    assert message.subject == "[nightjar] m: a fallback decided on 2024-06-10"
    assert [line.partition(":")[0] for line in message.body.splitlines()] == [
        "What happened", "What it means", "What to do", "Run", "Run book",
    ]  # fmt: skip
    assert "the champion did not score 5 rows: 2 by base rate, 3 by last score" in message.body


def test_what_people_typed_stays_text_in_a_mail() -> None:
    fact = Fact(event="held", identity="i", whose="m", title="t", happened="<script>{{ 7 * 7 }}</script>", at=NOW)
    assert "&lt;script&gt;{{ 7 * 7 }}&lt;/script&gt;" in Message.of(fact, "").as_html
