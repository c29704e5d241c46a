"""Retrainings that monitoring or a person asked for, by the audit log: when, why, and whether one failed.

A request alone trains nothing: its run may fail, be killed, or never start. Only a version that was trained for its day answers it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

# A request without a version is taken for lost after so many hours. Airflow gives a training four tries of four hours.
PATIENCE = dt.timedelta(hours=18)


@dataclass(frozen=True)
class Request:
    """A retraining that was asked for.

    Attributes:
        event: the line of the request.
        day: the partition to train for.
        failure: the last failure of its training that was recorded; None without one.
    """

    event: Event
    day: dt.date
    failure: Event | None = None

    def loss(self, now: dt.datetime) -> str | None:
        """Why no version will come of it, in words; None while its training may wait its turn or run."""
        if self.failure is not None and not self.failure.evidence.get("retryable"):
            return f"failed at {_minute(self.failure.happened_at)} ({self.failure.reason})"
        if now < self.runs_until:
            return None
        last = f", its last failure: {self.failure.reason}" if self.failure is not None else ""
        return f"has made no version by {_minute(self.runs_until)}{last}"

    @property
    def runs_until(self) -> dt.datetime:
        """Until when its training may wait its turn or run."""
        return self.event.happened_at + PATIENCE


def requests(name: str) -> dict[dt.date, Request]:
    """The requests for retraining the model, by the day to train for."""
    found: dict[dt.date, Request] = {}
    for event in model_events.of_model(name):
        if event.event == model_events.REQUESTED:
            day = dt.date.fromisoformat(event.evidence["partition"])
            found[day] = Request(event, day)
        elif event.event == model_events.TRAINING_FAILED:
            day = dt.date.fromisoformat(event.evidence["partition"])
            if day in found:
                found[day] = Request(found[day].event, day, event)
    return found


def record(
    name: str,
    day: dt.date,
    version: int,
    run_id: str,
    actor: str,
    reason: str,
    triggers: Mapping[str, Mapping[str, Any]],
) -> None:
    """Record that a training for ``day`` is asked for, once a day.

    Args:
        name: of the model.
        day: the partition to train for.
        version: the champion.
        run_id: the run that trained it.
        actor: who asks.
        reason: why, in words.
        triggers: what asked for it, each with its numbers.
    """
    if day in requests(name):
        return
    model_events.record(
        Event(
            model_name=name,
            model_version=version,
            event=model_events.REQUESTED,
            from_version=version,
            actor=actor,
            reason=reason,
            evidence={"partition": day.isoformat(), "triggers": triggers},
            run_id=run_id,
            happened_at=dt.datetime.now(dt.UTC),
        )
    )


def record_failure(name: str, day: dt.date, actor: str, failure: str, retryable: bool) -> None:
    """Record that the training for ``day`` failed, if it was asked for.

    Args:
        name: of the model.
        day: the partition that was trained for.
        actor: who ran the training.
        failure: the error, in one line.
        retryable: whether Airflow tries again by itself.
    """
    request = requests(name).get(day)
    if request is None:
        return
    asked = request.event
    model_events.record(
        Event(
            model_name=name,
            model_version=asked.model_version,
            event=model_events.TRAINING_FAILED,
            from_version=asked.from_version,
            actor=actor,
            reason=failure,
            evidence={"partition": day.isoformat(), "retryable": retryable},
            run_id=asked.run_id,
            happened_at=dt.datetime.now(dt.UTC),
        )
    )


def _minute(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
