"""The mapper that lets features of day D wait for a source's day D - k."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from airflow.partition_mappers.base import PartitionMapper

from include.orchestration import partition_key
from lakehouse.declaration.rhythm import Rhythm

DAILY = Rhythm()


class DayShiftMapper(PartitionMapper):
    """Maps a day of the upstream asset to the day ``days`` later of the DAG that waits for it.

    ``timezone`` is where the day begins: with it Airflow knows the date of every partition, and refuses a
    key that is no day when somebody triggers a run by hand.

    Where not every day is scored, only scored days wait, and other keys start no run. With ``matures_after_days`` it is the other
    way round: those days wait that are not scored, and on which the labels of a scored day mature, so many days before.
    """

    def __init__(
        self,
        days: int = 0,
        timezone: str = "UTC",
        rhythm: Rhythm = DAILY,
        matures_after_days: int | None = None,
    ) -> None:
        super().__init__()
        self.days = days
        self.timezone = timezone
        self.rhythm = rhythm
        self.matures_after_days = matures_after_days

    def to_downstream(self, key: str) -> str | list[str]:
        """The partition that waits for ``key``; an empty list when none does."""
        day = partition_key.parse(key) + dt.timedelta(days=self.days)
        return partition_key.write(day) if self._waits(day) else []

    def _waits(self, day: dt.date) -> bool:
        if self.matures_after_days is None:
            return self.rhythm.includes(day)
        return not self.rhythm.includes(day) and self.rhythm.includes(day - dt.timedelta(days=self.matures_after_days))

    def to_partition_date(self, downstream_key: str) -> dt.datetime:
        """The instant at which the partition's day begins.

        Raises:
            ValueError: when the key is no day.
        """
        midnight = dt.datetime.combine(partition_key.parse(downstream_key), dt.time())
        return midnight.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(dt.UTC)

    def serialize(self) -> dict[str, Any]:
        """The values that the scheduler stores."""
        stored: dict[str, Any] = {"days": self.days, "timezone": self.timezone}
        # Airflow drops what waits for a schedule that has changed: one that is declared as ever is stored as ever.
        if not self.rhythm.daily:
            stored["rhythm"] = self.rhythm.model_dump(mode="json", exclude_none=True)
        if self.matures_after_days is not None:
            stored["matures_after_days"] = self.matures_after_days
        return stored

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> DayShiftMapper:
        """The mapper that ``serialize`` stored."""
        rhythm = Rhythm.model_validate(data["rhythm"]) if "rhythm" in data else DAILY
        return cls(data["days"], data["timezone"], rhythm, data.get("matures_after_days"))
