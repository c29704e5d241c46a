"""A night that is late: at the declared hour the scores of its day are not there, and people are told.

Airflow watches the hour: the runs of a night, those that take in deliveries, build features and score, have a deadline each. At the
first that passes it is looked up whether the scores are there. A run that succeeded before the hour has no deadline any more: the
run that waits or has failed tells, and one that never began is told by the one that it waits for.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import BaseDeadlineReference, DeadlineAlert

from lakehouse.declaration import Dataset, Source, UseCase, nights

if TYPE_CHECKING:
    from airflow.sdk import Context
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HourOfNight(BaseDeadlineReference):
    """The declared hour of the night that a run belongs to; none for a run whose hour has passed when it begins.

    Attributes:
        hour: such as 06:30.
        timezone: of the calendar.
        days: from the run's partition to the date of that hour.
    """

    hour: str = "00:00"
    timezone: str = "UTC"
    days: int = 0

    # Airflow gives these of the run.
    required_kwargs = frozenset({"dag_id", "run_id"})

    def serialize_reference(self) -> dict[str, Any]:
        """The fields, as JSON."""
        return {**super().serialize_reference(), "hour": self.hour, "timezone": self.timezone, "days": self.days}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> HourOfNight:
        """The reference that was stored."""
        return cls(*(reference_data[name] for name in ("hour", "timezone", "days")))

    def _evaluate_with(self, *, session: Session, **kwargs: Any) -> dt.datetime | None:
        from airflow.models import DagRun
        from sqlalchemy import select

        found = select(DagRun.partition_key).where(DagRun.dag_id == kwargs["dag_id"], DagRun.run_id == kwargs["run_id"])
        return self.of_partition(session.scalar(found), dt.datetime.now(dt.UTC))

    def of_partition(self, key: str | None, now: dt.datetime) -> dt.datetime | None:
        """The instant for a run with this partition key; None when it has passed, or the run has no day."""
        try:
            day = dt.date.fromisoformat(key or "") + dt.timedelta(days=self.days)
        except ValueError:
            return None
        at = dt.datetime.combine(day, dt.time.fromisoformat(self.hour), tzinfo=ZoneInfo(self.timezone)).astimezone(
            dt.UTC
        )
        return at if at > now else None


def of_use_case(use_case: UseCase) -> dict[str, Any]:
    """The deadline of the runs that build or score a day, as an argument of their DAG; none where no hour is declared."""
    return _argument([_alert(use_case, 0)] if use_case.alerts.late_after else [])


def of_source(source: Source, readers: Iterable[UseCase | Dataset]) -> dict[str, Any]:
    """The deadlines of the runs that take in a day's delivery: one for each use case among the readers that declares an hour."""
    use_cases = [one for one in readers if isinstance(one, UseCase)] if source.cadence == "daily" else []
    return _argument([_alert(one, source.arrives_after_days) for one in use_cases if one.alerts.late_after])


def _argument(alerts: list[DeadlineAlert]) -> dict[str, Any]:
    return {"deadline": alerts} if alerts else {}


def _alert(use_case: UseCase, days: int) -> DeadlineAlert:
    """``days``: from the run's partition to the day that is scored in its night."""
    hour = use_case.alerts.late_after
    assert hour is not None
    told = {"use_case": use_case.name, "days": days}
    return DeadlineAlert(
        reference=HourOfNight(hour, use_case.calendar.timezone, days + nights.days_after(use_case, hour)),
        interval=dt.timedelta(),
        callback=SyncCallback(tell_late, kwargs=told),
        name=f"{use_case.name} by {hour}",
    )


def tell_late(use_case: str, days: int, context: Context) -> None:
    """Look whether the night's scores are there, and tell when they are not.

    Args:
        use_case: whose scores.
        days: from the run's partition to the day that is scored.
        context: what Airflow gives a deadline's callback: the run as a mapping, and the deadline.
    """
    from include.orchestration import alerts
    from lakehouse.alerts import facts
    from lakehouse.declaration import loader

    run: Any = context["dag_run"]
    declared = loader.by_name(use_case)
    day = dt.date.fromisoformat(run["partition_key"]) + dt.timedelta(days=days)
    late = facts.late(declared, day, declared.alerts.late_after or "", dt.datetime.now(dt.UTC))
    if late is None:
        log.info("the scores of %s of %s are there, or none are due", day, use_case)
        return
    alerts.tell([declared], [late], lambda fact: alerts.link(fact, run["dag_id"], run["dag_run_id"]))
