"""Days of a feature group that are built together, from the silver rows that they may read to one commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.features import build
from jobs.features.batch import COLLECTED_VALUES, Group
from jobs.groups import rows
from lakehouse import tables
from lakehouse.declaration import FeatureGroup, Input, transform
from lakehouse.storage import commits, delta_log, spark_config, spark_session


@dataclass(frozen=True)
class GroupBatch:
    """The days of a feature group that are built together."""

    group: FeatureGroup
    days: tuple[dt.date, ...]

    def build(self, snapshots: Sequence[Group], by_day: Mapping[dt.date, str]) -> int:
        """Build the days and replace them in one commit.

        Args:
            snapshots: the days, by the snapshots of reference tables that they read.
            by_day: each day's ``inputs_fingerprint``.

        Returns:
            How many rows were built.

        Raises:
            TransformBroken: when the built rows are not those that a transform promises.
        """
        table, replaced = tables.group(self.group), {"partition": list(self.days)}
        now = dt.datetime.now(dt.UTC)
        # Before any column is made: the active session decides whether it is a column of Spark Connect.
        session = spark_session.session(f"group {self.group.table_name}", self._rows_to_read)
        built = reduce(DataFrame.unionByName, (self._part(session, *part) for part in snapshots))
        collected = self._collected(built)
        if collected is not None:
            rows.judge(collected, self.group, self.days)
            commits.replace_table(rows.stamp(collected, self.group, by_day, now), table, replaced)
            return len(collected)
        built = built.persist()
        try:
            found = rows.judge_with_workers(built, self.group, self.days)
            commits.replace(rows.stamp_with_workers(built, by_day, now), table, replaced, found)
        finally:
            built.unpersist()
        return found

    def _part(self, session: SparkSession, days: list[dt.date], snapshots: dict[str, dt.date | None]) -> DataFrame:
        """The built rows of days that read the same snapshots."""
        inputs = build.read_inputs(session, self.group, days, snapshots, self._place)
        days_to_build = session.createDataFrame(pa.table({"partition": pa.array(days, pa.date32())}))
        return build.conform(transform.load(self.group).build(days_to_build, inputs), self.group)

    def _place(self, item: Input, read: DataFrame) -> DataFrame:
        """Few rows on one worker, where the work on them needs no exchange."""
        return read.coalesce(1) if self._rows_to_read <= spark_config.FEW_ROWS else read

    def _collected(self, built: DataFrame) -> pa.Table | None:
        """The rows in this process; None when they are many. How many there will be is known when they are built."""
        most = COLLECTED_VALUES // len(tables.group(self.group).columns)
        before = max(delta_log.rows_by_day(tables.group(self.group)).values(), default=0)
        if before * len(self.days) > most:
            return None
        collected = built.limit(most + 1).toArrow()
        return collected if len(collected) <= most else None

    @cached_property
    def _rows_to_read(self) -> int:
        return build.rows_to_read(self.group, list(self.days))
