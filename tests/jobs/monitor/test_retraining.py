"""Whether a retraining is asked for again: by the registry, the audit log and the verdicts, without Spark."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jobs.monitor import retraining
from jobs.monitor.triggers import RetrainingDecision
from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events, retrainings
from lakehouse.storage import partition_rows

FIRST = dt.date(2024, 1, 10)
NIGHT = dt.datetime(2024, 1, 11, 1, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)


class Nights:
    """A use case whose every day is violated, and which versions its registry has: by number the day trained for."""

    def __init__(self, use_case: UseCase, trained_for: dict[int, dt.date]) -> None:
        self.use_case, self.trained_for = use_case, trained_for

    def monitor(self, number: int, after: dt.timedelta = A_DAY, newest: bool = True) -> RetrainingDecision:
        """The verdict of a night that runs so long after the last request; a request for retraining is recorded."""
        day = FIRST + number * A_DAY
        asked = [one.event.happened_at for one in retrainings.requests(self.use_case.name).values()]
        now = max(asked, default=NIGHT) + after
        decision = retraining.decide(self.use_case, day, 1, retraining.trainings(self.use_case, now), newest)
        if decision.retrain:
            retraining.request(self.use_case, day, 1, ["drifted"], decision, "tests")
        return decision

    def requested(self) -> list[int]:
        return [(day - FIRST).days for day in sorted(retrainings.requests(self.use_case.name))]


@pytest.fixture
def nights(use_case: UseCase, lakehouse_root: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    nights = Nights(use_case, {1: dt.date(2023, 12, 1)})

    def version(name: str, number: int) -> ModelVersion:
        return ModelVersion(name, number, "r", {registry.TAG_TRAINED_FOR: nights.trained_for[number].isoformat()})

    def violated(_: object, days: list[dt.date]) -> list[dict[str, Any]]:
        return [{"kind": "verdict", "model_version": 1, "partition": day, "violated": True} for day in days]

    monkeypatch.setattr(registry, "version", version)
    monkeypatch.setattr(registry, "versions", lambda name: [version(name, number) for number in nights.trained_for])
    monkeypatch.setattr(registry, "by_alias", lambda name, alias: version(name, 1))
    monkeypatch.setattr(partition_rows, "read", violated)
    return nights


def test_a_training_that_left_nothing_behind_is_asked_for_again_the_next_night(nights: Nights) -> None:
    """It was killed, or never started, or Airflow lost its run: nothing tells but the time."""
    assert nights.monitor(0).retrain
    assert not nights.monitor(1, after=dt.timedelta(hours=6)).retrain
    again = nights.monitor(1)
    assert again.retrain and "2024-01-10 has made no version by" in again.reasons[1]
    assert nights.monitor(2).retrain
    assert nights.requested() == [0, 1, 2]


def test_one_that_failed_for_good_is_asked_for_again_also_in_nights_that_follow_within_minutes(nights: Nights) -> None:
    nights.monitor(0)
    retrainings.record_failure(nights.use_case.name, FIRST, "tests", "TrainingDataMissing: too few rows", False)
    again = nights.monitor(1, after=dt.timedelta(minutes=2))
    assert again.retrain and "(TrainingDataMissing: too few rows), so it is asked for again" in again.reasons[1]


def test_one_that_made_a_version_starts_the_cool_down_whatever_the_gate_says_of_it(nights: Nights) -> None:
    nights.monitor(0)
    nights.trained_for[2] = FIRST
    for number in range(1, nights.use_case.drift.cooldown_days):
        assert "cooling down" in nights.monitor(number).reasons[0]
    assert nights.monitor(nights.use_case.drift.cooldown_days).retrain


def test_one_that_failed_and_then_made_its_version_was_not_in_vain(nights: Nights) -> None:
    nights.monitor(0)
    retrainings.record_failure(nights.use_case.name, FIRST, "tests", "TrainingFailed: no trial ended", False)
    nights.trained_for[2] = FIRST
    assert "cooling down" in nights.monitor(1).reasons[0]


def test_the_same_night_again_asks_for_the_same_and_is_recorded_once(nights: Nights) -> None:
    first = nights.monitor(0)
    assert nights.monitor(0).reasons == first.reasons and nights.monitor(0, after=dt.timedelta(0)).retrain
    assert len(model_events.of_model(nights.use_case.name)) == 1


def test_an_old_night_that_is_monitored_again_asks_for_nothing_new(nights: Nights) -> None:
    nights.monitor(2)
    for number in (0, 1):
        assert "after this day" in nights.monitor(number, newest=False).reasons[0]
    # Its training was in vain; the newest night asks again, no other does.
    assert not nights.monitor(3, newest=False).retrain
    assert nights.requested() == [2]
    assert nights.monitor(4).retrain
