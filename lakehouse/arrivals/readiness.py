"""The inputs of a day, and whether they have arrived, by the ledger alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from lakehouse.arrivals.group_days import GroupDays
from lakehouse.declaration import FeatureGroup, Input, UseCase
from lakehouse.errors import InputsMissing
from lakehouse.ops import deliveries


def required_days(use_case: UseCase | FeatureGroup, item: Input, day: dt.date) -> list[dt.date]:
    """The days of a daily input that must have arrived before ``day`` is built: its window within the calendar."""
    if use_case.source(item.source).cadence == "occasional":
        return []
    first = max(day - dt.timedelta(days=item.first), use_case.calendar.start)
    last = day - dt.timedelta(days=item.last)
    return [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]


def missing_inputs(use_case: UseCase | FeatureGroup, day: dt.date) -> list[str]:
    """The inputs that ``day`` lacks, as ``source YYYY-MM-DD`` or ``group v1 YYYY-MM-DD``; empty when it can be built."""
    return Arrivals(use_case, day, day).missing(day)


class Arrivals:
    """The deliveries that a range of feature days may read, loaded from the ledger once; and the days of feature groups.

    Attributes:
        groups: the days of the groups that a use case takes, at the versions that their tables have now.
    """

    def __init__(self, use_case: UseCase | FeatureGroup, first: dt.date, last: dt.date) -> None:
        """Load the ledger for the days from ``first`` to ``last`` and the windows that they read."""
        self._use_case = use_case
        reach = max(item.first for item in use_case.inputs)
        daily = [i.source for i in use_case.inputs if use_case.source(i.source).cadence == "daily"]
        occasional = [i.source for i in use_case.inputs if use_case.source(i.source).cadence == "occasional"]
        self._arrived = deliveries.arrived(daily, first - dt.timedelta(days=reach), last)
        if occasional:
            self._arrived |= deliveries.arrived(occasional, None, last)
        self.groups = GroupDays(use_case.taken if isinstance(use_case, UseCase) else ())

    def missing(self, day: dt.date) -> list[str]:
        """The inputs that ``day`` lacks, as ``source YYYY-MM-DD`` or ``group v1 YYYY-MM-DD``."""
        lacking = [
            f"{item.source} {needed}"
            for item in self._use_case.inputs
            for needed in required_days(self._use_case, item, day)
            if (item.source, needed) not in self._arrived
        ]
        return [*self._no_population(day), *lacking, *self.groups.missing(day)]

    def expect(
        self, days: Iterable[dt.date], table: str, besides: Callable[[list[str]], str] = lambda missing: ""
    ) -> None:
        """Refuse to build days of which inputs have not arrived.

        Args:
            days: to be built.
            table: that they are built for, for the message.
            besides: what else is to be done, in words, about what a day lacks.

        Raises:
            InputsMissing: naming the first such day, and what it waits for.
        """
        asked = list(days)
        waiting = {day: missing for day in asked if (missing := self.missing(day))}
        if not waiting:
            return
        day, missing = next(iter(waiting.items()))
        raise InputsMissing(
            f"{table}: expected the inputs of {len(asked)} day(s) to have arrived, {len(waiting)} still wait; "
            f"{day} waits for {', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}; "
            f"ingest them first: python -m jobs ingest --source ... --partition ...{besides(missing)}"
        )

    def _no_population(self, day: dt.date) -> list[str]:
        """The first delivery of reference data, without which nobody is known."""
        if not isinstance(self._use_case, UseCase):
            return []
        entity = self._use_case.entity
        if entity.rows != "known" or self._use_case.source(entity.source).cadence != "occasional":
            return []
        known = any(source == entity.source and delivered <= day for source, delivered in self._arrived)
        return [] if known else [f"{entity.source} {day} or earlier"]

    def inputs(self, day: dt.date) -> dict[str, str]:
        """The deliveries that ``day`` may read: their ids, with commas, by ``source YYYY-MM-DD``; and the days of groups."""
        ids: dict[str, str] = {}
        for item in self._use_case.inputs:
            if self._use_case.source(item.source).cadence == "occasional":
                known = sorted(d for source, d in self._arrived if source == item.source and d <= day)
                # A snapshot is all there is to know: those before it are not read.
                days = known[-1:] if self._use_case.source(item.source).delivers == "snapshot" else known
            else:
                days = required_days(self._use_case, item, day)
            ids |= {
                f"{item.source} {needed}": ",".join(self._arrived.get((item.source, needed), [])) for needed in days
            }
        return ids | self.groups.inputs(day)

    def same_snapshots(self, days: Iterable[dt.date]) -> list[tuple[list[dt.date], dict[str, dt.date | None]]]:
        """The days in groups that read the same snapshots of reference tables, in order.

        Returns:
            Each group's days, and by source the day of the snapshot that they read: the newest by then; None when there is none.
        """
        reference = [
            source
            for item in self._use_case.inputs
            if (source := self._use_case.source(item.source)).cadence == "occasional" and source.delivers == "snapshot"
        ]
        groups: list[tuple[list[dt.date], dict[str, dt.date | None]]] = []
        for day in sorted(days):
            newest = {
                source.name: max((d for name, d in self._arrived if name == source.name and d <= day), default=None)
                for source in reference
            }
            if groups and groups[-1][1] == newest:
                groups[-1][0].append(day)
            else:
                groups.append(([day], newest))
        return groups
