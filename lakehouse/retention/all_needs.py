"""What all use cases, feature groups and datasets need of what is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lakehouse import tables
from lakehouse.declaration import Dataset, FeatureGroup, Source, UseCase
from lakehouse.declaration.declaration import Declaration
from lakehouse.retention import days as of_days
from lakehouse.retention import facts, needs
from lakehouse.retention.decision import Need
from lakehouse.retention.needs import Needed


class AllNeeds:
    """What all use cases and feature groups need."""

    def __init__(self, found: Iterable[Declaration], now: dt.datetime) -> None:
        listed = list(found)
        self.use_cases = {one.name: one for item in listed if (one := item.use_case) is not None}
        self.by_use_case: dict[str, Needed] = {
            name: needs.of_use_case(facts.gather(one, now)) for name, one in self.use_cases.items()
        }
        self.groups: list[FeatureGroup] = [item.group for item in listed if item.group is not None]
        self.datasets: list[Dataset] = [item.dataset for item in listed if item.dataset is not None]
        self.of_groups = [
            one
            for group in self.groups
            for one in needs.of_group(group, max(of_days.of_table(tables.group(group)), default=None))
        ]

    def of(self, name: str) -> list[Need]:
        """Of a table."""
        own = [need for needed in self.by_use_case.values() for need in needed.of(name)]
        return [*own, *(need for table, need in self.of_groups if table == name)]

    def again_from(self, source: Source) -> dt.date | None:
        """The first day that a reader of a source may make again; None where any may be."""
        firsts = [self.by_use_case[one.name].again_from for one in self.use_cases.values() if _reads(one, source)]
        return None if None in firsts else min((day for day in firsts if day is not None), default=dt.date.max)

    def made_from(self, source: Source) -> list[Dataset]:
        """The datasets that read a source: the newest row of each document counts."""
        return [dataset for dataset in self.datasets if dataset.source.name == source.name]


def _reads(use_case: UseCase, source: Source) -> bool:
    return source.name in use_case.reads or any(source.name in taken.group.reads for taken in use_case.taken)
