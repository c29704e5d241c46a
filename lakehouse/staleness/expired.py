"""Days that can't be made again because retention took away what they are made from: they stay as they are, and are never stale.

A day that is gone is not one that is missing: nobody waits for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from lakehouse import tables
from lakehouse.arrivals import readiness
from lakehouse.arrivals.label_windows import window
from lakehouse.declaration import FeatureGroup, Source, UseCase
from lakehouse.evaluation import base_rates
from lakehouse.ops import retention
from lakehouse.ops.retention import Removal
from lakehouse.storage import delta_log
from lakehouse.tables import Table

Gone = dict[dt.date, str]
SHOWN = 3


class Expired:
    """What retention took away, read once. Where it never took anything, nothing else is read."""

    def __init__(self) -> None:
        """Read ``ops.retention``."""
        self._removals: dict[str, list[Removal]] = {}
        self._present: dict[str, set[dt.date]] = {}
        for removal in retention.lines():
            self._removals.setdefault(removal.table, []).append(removal)

    def __bool__(self) -> bool:
        """Whether it took anything."""
        return bool(self._removals)

    def has(self, table: Table, day: dt.date) -> bool:
        """Whether it took this day of the table, and nobody brought it back."""
        taken = any(removal.has(day) for removal in self._removals.get(table.full_name, ()))
        return taken and day not in self._days(table)

    def landed(self, source: str, day: dt.date) -> bool:
        """Whether it took files of this day from the landing zone."""
        return any(removal.has(day) for removal in self._removals.get(f"landing.{source}", ()))

    def whole_from(self, table: Table) -> dt.date:
        """The first day as of which reading a table of reference data, by what is known, gives what it gave before."""
        known = (removal.whole_from for removal in self._removals.get(table.full_name, ()))
        return max((day for day in known if day is not None), default=dt.date.min)

    def features(self, of: UseCase | FeatureGroup, days: Iterable[dt.date]) -> Gone:
        """Why features, of a use case or a group, can't be made again on some of these days."""
        return self._told({day: self._inputs(of, day) for day in days}) if self else {}

    def outcomes(self, use_case: UseCase, days: Iterable[dt.date]) -> Gone:
        """Why labels can't."""
        return self._told({day: self._label_inputs(use_case, day) for day in days}) if self else {}

    def scores(self, use_case: UseCase, days: Iterable[dt.date]) -> Gone:
        """Why scores can't."""
        features = tables.features(use_case)
        return self._told({day: self._of(features, [day]) for day in days}) if self else {}

    def reasons(self, use_case: UseCase, days: Iterable[dt.date]) -> Gone:
        """Why reasons can't."""
        read = (tables.features(use_case), tables.scores(use_case))
        return (
            self._told({day: [name for table in read for name in self._of(table, [day])] for day in days})
            if self
            else {}
        )

    def performance(self, use_case: UseCase, days: Iterable[dt.date]) -> Gone:
        """Why measures can't."""
        if not self:
            return {}
        scores, labels = tables.scores(use_case), tables.outcomes(use_case)

        def read(day: dt.date) -> list[str]:
            before = base_rates.known_days(use_case, day) if use_case.worth is not None else []
            return [*self._of(scores, [day]), *self._of(labels, [*before, day])]

        return self._told({day: read(day) for day in days})

    def estimates(self, use_case: UseCase, days: Iterable[dt.date]) -> Gone:
        """Why estimates can't."""
        if not self:
            return {}
        scores, measured = tables.scores(use_case), tables.performance(use_case)
        return self._told(
            {day: [*self._of(scores, [day]), *self._of(measured, base_rates.known_days(use_case, day))] for day in days}
        )

    def _inputs(self, of: UseCase | FeatureGroup, day: dt.date) -> list[str]:
        gone: list[str] = []
        for item in of.inputs:
            source = of.source(item.source)
            gone += self._known(source, day) or self._of(tables.silver(source), readiness.required_days(of, item, day))
        for taken in of.taken if isinstance(of, UseCase) else ():
            back = range(taken.group.ttl_days, -1, -1)
            gone += self._of(tables.group(taken.group), [day - dt.timedelta(days=number) for number in back])
        return gone

    def _label_inputs(self, use_case: UseCase, day: dt.date) -> list[str]:
        entity = use_case.source(use_case.entity.source)
        gone: list[str] = []
        if use_case.entity.rows == "of_day":
            gone += self._of(tables.silver(entity), [day])
        elif entity.cadence == "occasional":
            gone += self._known(entity, day)
        else:
            item = next(item for item in use_case.inputs if item.source == entity.name)
            gone += self._of(tables.silver(entity), readiness.required_days(use_case, item, day))
        if use_case.label.source is not None:
            gone += self._of(tables.silver(use_case.source(use_case.label.source)), [day])
        for one in use_case.label.inputs:
            source = use_case.source(one.source)
            at = day + dt.timedelta(days=one.to_day)
            gone += self._known(source, at) or self._of(tables.silver(source), window(use_case, one, day))
        return gone

    def _known(self, source: Source, day: dt.date) -> list[str]:
        """Of reference data: what is known on the day was more before."""
        table = tables.silver(source)
        if source.cadence != "occasional" or day >= self.whole_from(table):
            return []
        return [f"{table.full_name} as known on {day}"]

    def _of(self, table: Table, days: Iterable[dt.date]) -> list[str]:
        return [f"{table.full_name} {day}" for day in days if self.has(table, day)]

    def _days(self, table: Table) -> set[dt.date]:
        if table.full_name not in self._present:
            self._present[table.full_name] = set(delta_log.rows_by_day(table))
        return self._present[table.full_name]

    @staticmethod
    def _told(gone: Mapping[dt.date, list[str]]) -> Gone:
        return {
            day: f"retention took {', '.join(names[:SHOWN])}{f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''}"
            for day, names in gone.items()
            if names
        }
