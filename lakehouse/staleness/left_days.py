"""Stale days that are left as they are: retention took away what they are made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from lakehouse import tables
from lakehouse.declaration import FeatureGroup, UseCase
from lakehouse.staleness.expired import Expired
from lakehouse.staleness.up_to_date import Reasons
from lakehouse.tables import Table

# Inputs of measures that are the fingerprints of other days and tables: where these are gone, so are the fingerprints.
_GONE_WITH = ("scores of the ", "the labels before ", "the matured days before ")


class LeftDays:
    """Stale days that are left alone, because what they are made from is gone."""

    def __init__(self, use_case: UseCase) -> None:
        self.gone, self.found, self._use_case = Expired(), list[tuple[str, dt.date, str]](), use_case

    def of(
        self,
        table: Callable[[UseCase], Table],
        why: Callable[[UseCase, Iterable[dt.date]], Mapping[dt.date, str]],
        stale: Reasons,
    ) -> Reasons:
        """The days that can be made again; the others are noted."""
        return self._without(table(self._use_case), stale, why(self._use_case, stale))

    def of_group(self, group: FeatureGroup, stale: Reasons) -> Reasons:
        """The same of a feature group."""
        return self._without(tables.group(group), stale, self.gone.features(group, stale))

    def note_asked(self, first: dt.date | None, last: dt.date | None) -> None:
        """Note the days that were asked for and are gone themselves."""
        if not self.gone or first is None or last is None:
            return
        days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
        for table in tables.of_use_case(self._use_case):
            self.found += [(table.full_name, day, "retention took it") for day in days if self.gone.has(table, day)]

    def _without(self, table: Table, stale: Reasons, gone: Mapping[dt.date, str]) -> Reasons:
        for day, why in sorted(gone.items()):
            # That what it was made from is gone is no change of it.
            if changed := [one for one in stale[day] if not one.startswith(_GONE_WITH)]:
                self.found.append((table.full_name, day, f"{why} ({'; '.join(changed)})"))
        return {day: why for day, why in stale.items() if day not in gone}
