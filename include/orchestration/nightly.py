"""The schedule of ingestion: a run every night, for the day whose delivery arrives that night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.timetables.base import DagRunInfo, TimeRestriction
from airflow.timetables.trigger import CronPartitionTimetable

from include.orchestration import partition_key

if TYPE_CHECKING:
    from pendulum import DateTime


class NightlyTimetable(CronPartitionTimetable):
    """``CronPartitionTimetable`` whose partitions are whole local days, within the calendar of the data.

    Airflow's own names a partition after a tick of the cron. With a nightly run at 01:00 a backfill from the 1st to the
    10th then stops at midnight of the 10th and makes nine runs, and the same day has one date when it is
    triggered by hand and another when it is scheduled. Here a partition always begins at local midnight, so that
    backfills cover both ends and find the runs that exist. After the last day of the data nothing is scheduled, and
    nothing is backfilled outside the calendar. A DAG's ``end_date`` does not serve: it also stops the tasks of runs
    that are triggered by hand today.
    """

    def __init__(
        self, cron: str, *, timezone: str, arrives_after_days: int, first: dt.date, last: dt.date | None = None
    ) -> None:
        """Make the schedule.

        Args:
            cron: when the nightly run starts, in ``timezone``.
            timezone: IANA name of the place whose midnight starts a day.
            arrives_after_days: how many days after its day a delivery arrives.
            first: first day of the calendar.
            last: last day of the calendar, or None when data keeps coming.
        """
        super().__init__(cron, timezone=timezone, run_offset=-arrives_after_days, key_format=partition_key.FORMAT)
        self._zone = timezone
        self._days = arrives_after_days
        self._first = first
        self._last = last

    def _partition(self, day: dt.date) -> tuple[DateTime, str]:
        midnight = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo("UTC"))
        return self.localize_partition_datetime(midnight), partition_key.write(day)

    def _get_partition_info(self, run_date: DateTime) -> tuple[DateTime, str]:
        # Counted in days of the calendar, not in ticks: a cron that leaves out Sundays still ingests yesterday.
        return self._partition(run_date.astimezone(ZoneInfo(self._zone)).date() - dt.timedelta(days=self._days))

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next scheduled run, or None when its day lies after the calendar."""
        info = super().next_dagrun_info_v2(last_dagrun_info=last_dagrun_info, restriction=restriction)
        if info is None or info.partition_key is None:
            return None
        return info if self._within(partition_key.parse(info.partition_key)) else None

    def iter_partition_dagrun_infos(self, *, earliest: dt.datetime, latest: dt.datetime) -> Iterable[DagRunInfo]:
        """One run for every day from ``earliest`` to ``latest``, both included, that lies within the calendar."""
        day = earliest.date()
        while day <= latest.date():
            if self._within(day):
                date, key = self._partition(day)
                yield DagRunInfo(run_after=date, data_interval=None, partition_date=date, partition_key=key)
            day += dt.timedelta(days=1)

    def _within(self, day: dt.date) -> bool:
        return self._first <= day and (self._last is None or day <= self._last)

    def generate_run_id(self, **fields: Any) -> str:
        """A run's name. It begins with the partition where there is one, since people search for that."""
        name = super().generate_run_id(**fields)
        if key := fields.get("partition_key"):
            kind = fields["run_type"].value
            return f"{kind}__{key}__{name.rpartition('__')[2]}"
        return name

    def serialize(self) -> dict[str, Any]:
        """The values that the scheduler stores."""
        return {
            "cron": self._expression,
            "timezone": self._zone,
            "arrives_after_days": self._days,
            "first": self._first.isoformat(),
            "last": None if self._last is None else self._last.isoformat(),
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> NightlyTimetable:
        """The timetable that ``serialize`` stored."""
        return cls(
            data["cron"],
            timezone=data["timezone"],
            arrives_after_days=data["arrives_after_days"],
            first=dt.date.fromisoformat(data["first"]),
            last=None if data["last"] is None else dt.date.fromisoformat(data["last"]),
        )
