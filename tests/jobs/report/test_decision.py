"""What a night asked for, and what became of it: in the words of the records."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.monitor import retraining
from jobs.monitor.retraining import Trainings
from jobs.monitor.triggers import RetrainingDecision
from jobs.report import decision
from lakehouse.ops import model_events, retrainings
from lakehouse.ops.model_events import Event
from lakehouse.ops.retrainings import Request

DAY = dt.date(2024, 6, 1)
NOON = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)
USE_CASE: Any = SimpleNamespace(name="any")


def event(kind: str, version: int = 1) -> Event:
    return Event("any", version, kind, None, "a", "3 of 5 days violated", {"partition": str(DAY)}, "r", NOON)


@pytest.mark.parametrize(
    ("known", "events", "expected"),
    [
        (Trainings({}, {DAY: "may be running"}, {}), [], f"the training for {DAY} may be running"),
        (Trainings({}, {}, {DAY: "failed at noon"}), [], f"the training for {DAY} failed at noon"),
        (Trainings({4: DAY}, {}, {}), [], "version 4 was trained for it, and not judged by the gate yet"),
        (Trainings({4: DAY}, {}, {}), ["held"], "version 4 was trained for it, and held by the gate"),
        (Trainings({4: DAY}, {}, {}), ["held", "promoted"], "version 4 was trained for it, and promoted to champion"),
    ],
)
def test_a_night_that_asked_says_why_and_what_became_of_it(known, events, expected, monkeypatch):
    monkeypatch.setattr(retrainings, "requests", lambda name: {DAY: Request(event("retraining requested"), DAY)})
    monkeypatch.setattr(retraining, "trainings", lambda use_case, now: known)
    monkeypatch.setattr(model_events, "of_model", lambda name, number: [event(kind, 4) for kind in events])
    assert decision.of_day(USE_CASE, DAY, 1, newest=True) == (decision.ASKED, f"3 of 5 days violated; {expected}")


def test_a_night_that_did_not_ask_says_what_kept_it(monkeypatch):
    monkeypatch.setattr(retrainings, "requests", lambda name: {})
    found = RetrainingDecision(False, ("3 of the last 5 days violated, but cooling down for 7 days",))
    monkeypatch.setattr(retraining, "trainings", lambda use_case, now: Trainings({}, {}, {}))
    monkeypatch.setattr(retraining, "decide", lambda use_case, day, version, known, newest: found)
    assert decision.of_day(USE_CASE, DAY, 1, newest=True) == (decision.NOT_ASKED, found.reasons[0])
