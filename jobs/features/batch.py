"""Days of features that are built together, from the silver rows that they may read to one commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.features import build, collected_rows, group_join, promise, spark_rows
from lakehouse import tables
from lakehouse.arrivals.group_days import GroupDays
from lakehouse.declaration import Input, UseCase, transform
from lakehouse.populations import population
from lakehouse.storage import commits, row_limits, spark_config, spark_session, sql_quoting

# Days that read the same snapshots, and the day of each snapshot by source.
Group = tuple[list[dt.date], dict[str, dt.date | None]]

# So many values are collected once, then counted, stamped and committed in the job's process (128 MB of doubles): in Spark the
# rows would be kept between its jobs, read again to be counted, laid by day, and carried through Python workers to the files.
COLLECTED_VALUES = 16_000_000

# Days of which none has more than this share of the rows are laid on the workers day by day.
DAY_SHARE = 1 / 8


@dataclass(frozen=True)
class BuiltRows:
    """How many rows were built, and by feature group how many of them have no value since theirs is too old."""

    rows: int
    expired: Mapping[str, int]


@dataclass(frozen=True)
class Batch:
    """The days of a use case that are built together, with the days of the feature groups that it takes."""

    use_case: UseCase
    days: tuple[dt.date, ...]
    taken: GroupDays = field(default_factory=lambda: GroupDays(()))

    def build(self, groups: Sequence[Group], by_day: Mapping[dt.date, str]) -> BuiltRows:
        """Build the days and replace them in one commit.

        Args:
            groups: the days, by the snapshots that they read.
            by_day: each day's ``inputs_fingerprint``.

        Raises:
            TransformBroken: when the built rows are not those that a transform promises.
        """
        parts = self._parts(groups)
        built = reduce(DataFrame.unionByName, (rows for rows, _ in parts))
        table, replaced = tables.features(self.use_case), {"partition": list(self.days)}
        collected = self._collected(built)
        if collected is not None:
            expected = population.read(self.use_case, self.days, self._identifying)
            rows = self._judge(collected_rows.count(collected, expected, self.use_case))
            expired: dict[str, int] = {}
            if self.taken.tables:
                joined = (collected, expected, self.use_case, self.taken.tables, self.days)
                collected, expired = group_join.in_process(*joined)
            commits.replace_table(collected_rows.stamp(collected, self.use_case, by_day), table, replaced)
            return BuiltRows(rows, expired)
        built = built.persist()
        try:
            entities = reduce(DataFrame.unionByName, (rows for _, rows in parts))
            rows = self._judge(spark_rows.count(built, entities, self.use_case))
            session, most = built.sparkSession, max(rows, self._rows_of_groups)
            whole = (session, built, entities, self.use_case, self.taken.tables, self.days, most)
            with group_join.in_workers(*whole) as (complete, expired):
                commits.replace(spark_rows.stamp(complete, self.use_case, by_day), table, replaced, rows)
        finally:
            built.unpersist()
        return BuiltRows(rows, expired)

    def try_out(self, groups: Sequence[Group]) -> int:
        """Build the days and keep nothing; how many rows were built, 0 where they are too many to be collected."""
        collected = self._collected(reduce(DataFrame.unionByName, (rows for rows, _ in self._parts(groups))))
        return 0 if collected is None else len(collected)

    def _parts(self, groups: Sequence[Group]) -> list[tuple[DataFrame, DataFrame]]:
        # Before any column is made: the active session decides whether it is a column of Spark Connect.
        session = spark_session.session(f"features {self.use_case.name}", self._rows_to_read)
        return [self._part(session, *group) for group in groups]

    @property
    def _identifying(self) -> list[str]:
        """The columns of the population that rows are known by: the key and the day, and what groups are joined by."""
        joined_by = (column for taken in self.use_case.taken for column in taken.key.values())
        return list(dict.fromkeys((*self.use_case.entity.key, "partition", *joined_by)))

    def _judge(self, counts: list[promise.DayCount]) -> int:
        return promise.judge(counts, self.use_case, list(self.days))

    def _collected(self, built: DataFrame) -> pa.Table | None:
        """The rows in this process; None when they are many, or more than the population."""
        planned = sum(self._planned.values())
        if planned * len(tables.features(self.use_case).columns) > COLLECTED_VALUES:
            return None
        if self._rows_of_groups > row_limits.IN_PROCESS_ROWS:
            return None
        # One more than there may be: a transform that multiplies its rows must not fill this process' memory.
        collected = built.limit(planned + 1).toArrow()
        return collected if len(collected) <= planned else None

    def _part(
        self, session: SparkSession, days: list[dt.date], snapshots: dict[str, dt.date | None]
    ) -> tuple[DataFrame, DataFrame]:
        """The built rows of days that read the same snapshots, and their population."""
        inputs = build.read_inputs(session, self.use_case, days, snapshots, self._place)
        days_to_build = session.createDataFrame(pa.table({"partition": pa.array(days, pa.date32())}))
        built = build.conform(transform.load(self.use_case).build(days_to_build, inputs), self.use_case)
        return built, inputs[self.use_case.entity.source].where(sql_quoting.days_condition(days))

    def _place(self, item: Input, rows: DataFrame) -> DataFrame:
        """An input's rows where the work on them needs few exchanges between workers."""
        if self._rows_to_read <= spark_config.FEW_ROWS:
            return rows.coalesce(1)
        if item.source == self.use_case.entity.source and self._spread and self._rows_to_read >= spark_config.MANY_ROWS:
            return rows.repartition("partition")
        return rows

    @cached_property
    def _rows_of_groups(self) -> int:
        return group_join.rows_to_read(self.taken.tables, self.days)

    @cached_property
    def _spread(self) -> bool:
        """Whether the days alone spread the rows over the workers."""
        planned = self._planned.values()
        return max(planned, default=0) <= DAY_SHARE * sum(planned)

    @cached_property
    def _planned(self) -> dict[dt.date, int]:
        """How many entities each of the days has, or more."""
        return population.most_by_day(self.use_case, self.days)

    @cached_property
    def _rows_to_read(self) -> int:
        return build.rows_to_read(self.use_case, list(self.days))
