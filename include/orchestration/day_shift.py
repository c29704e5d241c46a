"""The mapper that lets features of day D wait for a source's day D - k."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from airflow.partition_mappers.base import PartitionMapper

from include.orchestration import partition_key


class DayShiftMapper(PartitionMapper):
    """Maps a day of the upstream asset to the day ``days`` later of the DAG that waits for it.

    ``timezone`` is where the day begins: with it Airflow knows the date of every partition, and refuses a
    key that is no day when somebody triggers a run by hand.
    """

    def __init__(self, days: int = 0, timezone: str = "UTC") -> None:
        super().__init__()
        self.days = days
        self.timezone = timezone

    def to_downstream(self, key: str) -> str:
        """The partition that waits for ``key``."""
        return partition_key.write(partition_key.parse(key) + dt.timedelta(days=self.days))

    def to_partition_date(self, downstream_key: str) -> dt.datetime:
        """The instant at which the partition's day begins.

        Raises:
            ValueError: when the key is no day.
        """
        midnight = dt.datetime.combine(partition_key.parse(downstream_key), dt.time())
        return midnight.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(dt.UTC)

    def serialize(self) -> dict[str, Any]:
        """The values that the scheduler stores."""
        return {"days": self.days, "timezone": self.timezone}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> DayShiftMapper:
        """The mapper that ``serialize`` stored."""
        return cls(days=data["days"], timezone=data["timezone"])
