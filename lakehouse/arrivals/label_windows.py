"""What the labels of days are made of, the population and the days after the day, and whether it has arrived: by the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from lakehouse.arrivals import readiness
from lakehouse.declaration import LabelInput, UseCase
from lakehouse.ops import deliveries


def window(use_case: UseCase, item: LabelInput, day: dt.date) -> list[dt.date]:
    """The days of a daily input that the label of ``day`` reads; of an occasional one, which is read as it is known, none."""
    if use_case.source(item.source).cadence == "occasional":
        return []
    first = day + dt.timedelta(days=item.from_day or 0)
    return [first + dt.timedelta(days=ahead) for ahead in range(item.to_day - (item.from_day or 0) + 1)]


class LabelArrivals:
    """The deliveries that the labels of some days may read, loaded from the ledger once."""

    def __init__(self, use_case: UseCase, days: Collection[dt.date]) -> None:
        """Load the ledger for the days and the windows that they read."""
        self._use_case = use_case
        sources = {use_case.entity.source, *use_case.label.sources}
        occasional = any(use_case.source(name).cadence == "occasional" for name in sources)
        back = max(item.first for item in use_case.inputs)
        ahead = max((item.to_day for item in use_case.label.inputs), default=0)
        first, last = min(days, default=dt.date.max), max(days, default=dt.date.min)
        self._arrived = (
            deliveries.arrived(
                sources, None if occasional else first - dt.timedelta(days=back), last + dt.timedelta(days=ahead)
            )
            if days
            else {}
        )

    def inputs(self, day: dt.date) -> dict[str, str] | None:
        """The deliveries that the labels of ``day`` are made of: their ids, separated by commas, by ``source YYYY-MM-DD``.

        None while the population or a part of a window has not arrived; for ever where a window reaches beyond the calendar.
        """
        needed, known = self._population(day)
        end = self._use_case.calendar.end
        if self._use_case.label.source is not None:
            needed = [*needed, (self._use_case.label.source, day)]
        for item in self._use_case.label.inputs:
            days = window(self._use_case, item, day)
            if days and end is not None and days[-1] > end:
                return None
            needed = [*needed, *((item.source, one) for one in days)]
            if not days:
                known = [*known, *self._known(item.source, day + dt.timedelta(days=item.to_day))]
        if any(one not in self._arrived for one in needed):
            return None
        return {f"{source} {one}": ",".join(self._arrived[source, one]) for source, one in (*needed, *known)}

    def _population(self, day: dt.date) -> tuple[list[tuple[str, dt.date]], list[tuple[str, dt.date]]]:
        """The deliveries that the population of a day needs, and those that it reads besides."""
        entity = self._use_case.entity
        source = self._use_case.source(entity.source)
        if entity.rows == "of_day":
            return [(source.name, day)], []
        if source.cadence == "daily":
            item = next(item for item in self._use_case.inputs if item.source == source.name)
            return [(source.name, one) for one in readiness.required_days(self._use_case, item, day)], []
        # Nobody is known before the first delivery.
        known = self._known(source.name, day)
        return known or [(source.name, day)], []

    def _known(self, source: str, day: dt.date) -> list[tuple[str, dt.date]]:
        """The deliveries of an occasional source that are read by what is known on ``day``."""
        known = sorted(one for one in self._arrived if one[0] == source and one[1] <= day)
        return known[-1:] if self._use_case.source(source).delivers == "snapshot" else known

    def same_snapshots(self, days: Iterable[dt.date]) -> list[tuple[list[dt.date], dict[str, dt.date | None]]]:
        """The days in groups whose labels read the same snapshots of reference tables, in order.

        Returns:
            Each group's days, and by source the day of the snapshot: the newest of those known at the end of the window; None
            when there is none.
        """
        snapshots = [
            item
            for item in self._use_case.label.inputs
            if (source := self._use_case.source(item.source)).cadence == "occasional" and source.delivers == "snapshot"
        ]
        groups: list[tuple[list[dt.date], dict[str, dt.date | None]]] = []
        for day in sorted(days):
            newest = {item.source: self._newest(item, day) for item in snapshots}
            if groups and groups[-1][1] == newest:
                groups[-1][0].append(day)
            else:
                groups.append(([day], newest))
        return groups

    def _newest(self, item: LabelInput, day: dt.date) -> dt.date | None:
        known = self._known(item.source, day + dt.timedelta(days=item.to_day))
        return known[-1][1] if known else None
