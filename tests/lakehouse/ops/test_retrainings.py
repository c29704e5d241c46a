"""Retrainings that were asked for: whether a version may still come of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lakehouse.ops import model_events, retrainings
from lakehouse.ops.model_events import Event

NOON = dt.datetime(2024, 6, 8, 12, tzinfo=dt.UTC)
DAY = dt.date(2024, 6, 8)
HOUR = dt.timedelta(hours=1)


def asked(day: dt.date = DAY, at: dt.datetime = NOON) -> None:
    evidence = {"partition": day.isoformat()}
    model_events.record(Event("m", 1, model_events.REQUESTED, 1, "job", "drift", evidence, "r1", at))


def failed(failure: str, retryable: bool, day: dt.date = DAY) -> None:
    retrainings.record_failure("m", day, "job", failure, retryable)


def test_a_request_may_be_answered_for_some_hours_and_is_lost_then(lakehouse_root: Path) -> None:
    asked()
    request = retrainings.requests("m")[DAY]
    assert request.loss(NOON + 17 * HOUR) is None
    # The night after it asks again.
    assert request.loss(NOON + 22 * HOUR) == "has made no version by 2024-06-09 06:00 UTC"


def test_one_that_failed_for_good_is_lost_at_once_and_says_why(lakehouse_root: Path) -> None:
    asked()
    failed("TrainingDataMissing: too few labelled rows", retryable=False)
    loss = retrainings.requests("m")[DAY].loss(NOON)
    assert loss is not None
    assert loss.startswith("failed at ") and loss.endswith(" UTC (TrainingDataMissing: too few labelled rows)")


def test_one_that_is_tried_again_by_itself_keeps_its_time(lakehouse_root: Path) -> None:
    asked()
    failed("ServiceUnavailable: MLflow does not answer", retryable=True)
    request = retrainings.requests("m")[DAY]
    assert request.loss(NOON + 17 * HOUR) is None
    assert request.loss(NOON + 18 * HOUR) == (
        "has made no version by 2024-06-09 06:00 UTC, its last failure: ServiceUnavailable: MLflow does not answer"
    )


def test_a_failure_is_of_its_own_day_and_of_the_last_attempt(lakehouse_root: Path) -> None:
    later = DAY + dt.timedelta(days=1)
    asked()
    asked(later, NOON + 24 * HOUR)
    failed("TrainingFailed: no trial ended", retryable=False)
    failed("ServiceUnavailable: no answer", retryable=True)
    known = retrainings.requests("m")
    assert known[DAY].loss(NOON) is None and known[later].failure is None


@pytest.mark.parametrize("day", [DAY, DAY + dt.timedelta(days=1)])
def test_a_training_that_nobody_asked_for_leaves_no_line(lakehouse_root: Path, day: dt.date) -> None:
    failed("TrainingDataMissing: too few labelled rows", retryable=False, day=day)
    assert model_events.of_model("m") == []
