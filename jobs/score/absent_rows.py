"""The entities of a day that the feature table has no row of: all where the day's features are not built."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import key_join
from lakehouse.populations import population
from lakehouse.populations.population import DayRows
from lakehouse.storage import delta_log
from lakehouse.storage.day_files import DayFiles

# A name that no column has: declared ones begin with a letter.
THERE = "_there"


@dataclass(frozen=True)
class AbsentRows:
    """Finds them, here or in a worker.

    Attributes:
        days: that may have some.
        rows: how many there are at most.
        population: who is scored.
        features: the files of the feature table.
        key: the columns of the entity's key.
        midnights: the prediction time of each day.
    """

    days: tuple[dt.date, ...]
    rows: int
    population: DayRows
    features: DayFiles
    key: tuple[str, ...]
    midnights: Mapping[dt.date, dt.datetime]

    @classmethod
    def of(cls, use_case: UseCase, days: Collection[dt.date], features_version: int | None) -> AbsentRows:
        """Of these days, as the tables are now.

        Args:
            use_case: whose entities.
            days: that are scored.
            features_version: of the feature table; None: there is none.
        """
        table = tables.features(use_case)
        built = {} if features_version is None else delta_log.rows_by_day(table, features_version)
        most = population.most_by_day(use_case, days)
        # The same number of rows are the same entities where nobody is left out: a day's features were counted against them.
        counted = use_case.entity.as_delivered
        some = [day for day in sorted(days) if most.get(day, 0) and not (counted and built.get(day) == most[day])]
        zone = ZoneInfo(use_case.calendar.timezone)
        return cls(
            days=tuple(some),
            rows=sum(most[day] for day in some),
            population=population.of(use_case, some),
            features=DayFiles.of(table, some, features_version),
            key=use_case.entity.key,
            midnights={day: dt.datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(dt.UTC) for day in some},
        )

    def read(self, day: dt.date, columns: pa.Schema, names: Sequence[str]) -> pa.Table:
        """The day's rows with these columns of the feature table: key, ``partition``, ``prediction_time``; others are null."""
        key = list(self.key)
        found = self.features.read(day, key)
        there = found.append_column(THERE, pa.repeat(pa.scalar(True), len(found)))
        entities = key_join.left_join(self.population.read(day, key), there, key)
        absent = entities.filter(pc.is_null(entities.column(THERE)))
        values = {"partition": pa.scalar(day, pa.date32()), "prediction_time": pa.scalar(self.midnights[day])}
        return pa.table(
            {
                name: absent.column(name)
                if name in key
                else pa.repeat(values[name].cast(columns.field(name).type), len(absent))
                if name in values
                else pa.nulls(len(absent), columns.field(name).type)
                for name in names
            }
        )
