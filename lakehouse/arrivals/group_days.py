"""The days of feature groups: which are built, from what, and which of them a day of a use case reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from lakehouse import fingerprints, tables
from lakehouse.declaration import FeatureGroup, Taken
from lakehouse.ops import builds, rowless
from lakehouse.storage import delta_log
from lakehouse.tables import INPUTS_FINGERPRINT, Table

# Why a day of a group has no row.
ROWLESS = {"rows": "none: no key is known on this day"}


def built(table: Table, at_version: int | None = None) -> dict[dt.date, str]:
    """The fingerprint of each day that is built of a table of a group; at that version of the table, or now."""
    constants = delta_log.constants_by_partition(table, INPUTS_FINGERPRINT, at_version=at_version)
    with_rows = {day: value or "" for day, (value,) in constants.items()}
    return {**{day: builds.fingerprint(inputs) for day, inputs in rowless.inputs(table, ROWLESS).items()}, **with_rows}


def record_rowless(table: Table, inputs: Mapping[dt.date, builds.Inputs]) -> None:
    """Record that these days, all just written, have no row."""
    rowless.record(table, ROWLESS, inputs)


@dataclass(frozen=True)
class GroupTables:
    """The tables of a taken group at one version each: what is read belongs to the fingerprints that are recorded.

    Attributes:
        taken: the group, as a use case takes it.
        version: of its table; -1 when there is none.
        first_version: of the table of its days as they were built first; -1 when there is none.
    """

    taken: Taken
    version: int
    first_version: int

    @classmethod
    def now(cls, taken: Taken) -> GroupTables:
        """At their newest versions; of the first days last, since a day is kept there before it is replaced."""
        group = taken.group
        version = delta_log.version(tables.group(group))
        return cls(taken, version, delta_log.version(tables.group_first(group)))

    @cached_property
    def built(self) -> dict[dt.date, str]:
        """The fingerprint of each day as the use case reads it."""
        found = {} if self.version < 0 else built(tables.group(self.taken.group), self.version)
        return {day: self.first.get(day, digest) for day, digest in found.items()}

    @cached_property
    def first(self) -> dict[dt.date, str]:
        """Those of the days that are read as they were first, since they were replaced."""
        if self.taken.use.as_known == "latest" or self.version < 0:
            return {}
        at = None if self.first_version < 0 else self.first_version
        return built(tables.group_first(self.taken.group), at)

    def days(self, last: dt.date, first: dt.date | None = None) -> list[dt.date]:
        """The built days that day ``last``, or a range from ``first`` to it, reads: those of which a value is not too old."""
        oldest = (first or last) - dt.timedelta(days=self.taken.group.ttl_days)
        return sorted(day for day in self.built if oldest <= day <= last)

    def older(self, first: dt.date) -> list[dt.date]:
        """The built days whose values are too old on ``first``, newest first."""
        oldest = first - dt.timedelta(days=self.taken.group.ttl_days)
        return sorted((day for day in self.built if day < oldest), reverse=True)


class GroupDays:
    """The days of the groups that a use case takes, as their tables are now."""

    def __init__(self, taken: Iterable[Taken]) -> None:
        """Look up the tables' versions."""
        self.tables = [GroupTables.now(one) for one in taken]

    def missing(self, day: dt.date) -> list[str]:
        """The groups whose ``day`` is not built, as ``group v1 YYYY-MM-DD``."""
        return [f"{one.taken.use.label} {day}" for one in self.tables if day not in one.built]

    def inputs(self, day: dt.date) -> dict[str, str]:
        """What ``day`` reads: each day's fingerprint by ``group v1 YYYY-MM-DD``, and how the groups are taken."""
        if not self.tables:
            return {}
        found = {f"{one.taken.use.label} {read}": one.built[read] for one in self.tables for read in one.days(day)}
        uses = (f"{one.taken.use.model_dump_json()} {one.taken.group.ttl_days}" for one in self.tables)
        return {**found, "the taken groups": fingerprints.digest(*uses)}


def of_group(group: FeatureGroup) -> dict[dt.date, str]:
    """The fingerprint of each built day of a group, as it is now."""
    return built(tables.group(group))
