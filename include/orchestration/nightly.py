"""The schedule of ingestion: a run every night, for the day whose delivery arrives that night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.timetables.base import DagRunInfo, TimeRestriction
from airflow.timetables.trigger import CronPartitionTimetable

from include.orchestration import partition_key, seen_day

if TYPE_CHECKING:
    from pendulum import DateTime

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


class NightlyTimetable(CronPartitionTimetable):
    """``CronPartitionTimetable`` whose partitions are whole local days, within the calendar of the data.

    Airflow's own names a partition after a tick of the cron. With a nightly run at 01:00 a backfill from the 1st to the
    10th then stops at midnight of the 10th and makes nine runs, and the same day has one date when it is
    triggered by hand and another when it is scheduled. Here a partition always begins at local midnight, so that
    backfills cover both ends and find the runs that exist. After the last day of the data nothing is scheduled, and
    nothing is backfilled outside the calendar. A DAG's ``end_date`` does not serve: it also stops the tasks of runs
    that are triggered by hand today.

    Nights that passed while nothing was scheduled (an outage, a pause) are caught up from the oldest to the newest, but
    for more than ``catch_up_nights`` of them: then the newest so many. Airflow knows all nights or the last one (``catchup``).
    """

    def __init__(
        self,
        cron: str,
        *,
        timezone: str,
        arrives_after_days: int,
        first: dt.date,
        last: dt.date | None = None,
        catch_up_nights: int = 7,
    ) -> None:
        """Make the schedule.

        Args:
            cron: when the nightly run starts, in ``timezone``.
            timezone: IANA name of the place whose midnight starts a day.
            arrives_after_days: how many days after its day a delivery arrives.
            first: first day of the calendar.
            last: last day of the calendar, or None when data keeps coming.
            catch_up_nights: how many nights at most are caught up, the newest included. With 0 or 1 it is the newest alone.
        """
        super().__init__(cron, timezone=timezone, run_offset=-arrives_after_days, key_format=partition_key.FORMAT)
        self._zone = timezone
        self._days = arrives_after_days
        self._first = first
        self._last = last
        self._nights = catch_up_nights
        self._valid = False

    def validate(self) -> None:
        """Check the cron, once: the DAGs that share a schedule each ask for it."""
        if not self._valid:
            super().validate()
            self._valid = True

    def _partition(self, day: dt.date) -> tuple[DateTime, str]:
        return self._midnight(day), partition_key.write(day)

    def _midnight(self, day: dt.date) -> DateTime:
        return super().localize_partition_datetime(dt.datetime.combine(day, dt.time()))

    def localize_partition_datetime(self, dt: dt.datetime) -> DateTime:
        """The midnight that starts the day that a person picked, for Airflow's filters by partition date."""
        return self._midnight(seen_day.seen(dt, ZoneInfo(self._zone)))

    def _get_partition_info(self, run_date: DateTime) -> tuple[DateTime, str]:
        # Counted in days of the calendar, not in ticks: a cron that leaves out Sundays still ingests yesterday.
        return self._partition(self._day_of(run_date))

    def _day_of(self, tick: DateTime) -> dt.date:
        return tick.astimezone(ZoneInfo(self._zone)).date() - dt.timedelta(days=self._days)

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The next scheduled run, or None when its day lies after the calendar.

        Args:
            last_dagrun_info: the run for the newest day, scheduled or of a backfill. None for a new DAG: it begins with the
                newest night, and has missed none.
            restriction: of the DAG. With its ``catchup`` every night is caught up.
        """
        if last_dagrun_info is None or last_dagrun_info.partition_key is None:
            info = super().next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
            tick = None if info is None else info.run_after
        else:
            tick = self._next_night(last_dagrun_info.run_after, partition_key.parse(last_dagrun_info.partition_key))
            if not restriction.catchup:
                tick = max(tick, self._oldest_to_catch_up(tick))
        if tick is None:
            return None
        tick = max(tick, self._night_of(self._first))
        if restriction.latest is not None and restriction.latest < tick:
            return None
        date, key = self._get_partition_info(tick)
        within = self._within(partition_key.parse(key))
        return (
            DagRunInfo(run_after=tick, data_interval=None, partition_date=date, partition_key=key) if within else None
        )

    def _next_night(self, run_after: DateTime, day: dt.date) -> DateTime:
        """The night after that of a run for ``day``."""
        scheduled = self._get_next(self._get_prev(run_after)) == run_after and self._day_of(run_after) == day
        # A backfill runs after the midnight of its day, and not in a night.
        return self._get_next(run_after) if scheduled else self._night_of(day + DAY)

    def _night_of(self, day: dt.date) -> DateTime:
        """The first night in which ``day`` or a later one arrives."""
        return self._align_to_next(self._midnight(day + dt.timedelta(days=self._days)))

    def _oldest_to_catch_up(self, tick: DateTime) -> DateTime:
        """The oldest night that is still caught up; not computed further back than ``tick``, which comes next."""
        oldest = self._newest_due()
        for _ in range(self._nights - 1):
            if oldest <= tick:
                break
            before = self._get_prev(oldest)
            # A night whose hour the change of clocks leaves out takes place an hour later, and would be the one before itself.
            oldest = before if before < oldest else self._get_prev(oldest - HOUR)
        return oldest

    def _newest_due(self) -> DateTime:
        """The newest night that has begun; before the calendar its first."""
        begin = TimeRestriction(earliest=self._night_of(self._first), latest=None, catchup=False)
        newest = super().next_dagrun_info_v2(last_dagrun_info=None, restriction=begin)
        assert newest is not None
        return newest.run_after

    def iter_partition_dagrun_infos(self, *, earliest: dt.datetime, latest: dt.datetime) -> Iterable[DagRunInfo]:
        """One run for every day from ``earliest`` to ``latest``, both included, that lies within the calendar.

        Both are days that a person picked, in a browser or a shell: `include.orchestration.seen_day`.
        """
        zone = ZoneInfo(self._zone)
        day, end = seen_day.seen(earliest, zone), seen_day.seen(latest, zone)
        while day <= end:
            if self._within(day):
                date, key = self._partition(day)
                yield DagRunInfo(run_after=date, data_interval=None, partition_date=date, partition_key=key)
            day += DAY

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
            "catch_up_nights": self._nights,
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
            # A DAG that an earlier release stored has none: its next parse brings it.
            catch_up_nights=data.get("catch_up_nights", 0),
        )
