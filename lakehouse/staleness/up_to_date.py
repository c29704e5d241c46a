"""Whether a partition is up to date: its inputs are exactly those that it would be built from now. Decided here, and nowhere else.

The inputs of a built partition are known by the fingerprint that its rows carry, read from the log's statistics; those of now
come from `lakehouse.staleness.expected_inputs`. No data is read, and no Spark is needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.storage import delta_log
from lakehouse.tables import INPUTS_FINGERPRINT, Table

# Reasons by day.
Reasons = dict[dt.date, list[str]]

# A day may have no score that gets reasons, and then no row to carry a fingerprint: a line of its own in ops.builds records
# that, written after the day's commit.
ROWLESS = {"rows": "none asks for reasons"}


@dataclass(frozen=True)
class Comparison:
    """Partitions as they were built, compared with what they would be built from now.

    Attributes:
        table: whose partitions.
        expected: what each day would be built from now; the days that are compared.
        built: the fingerprint of each day that is built.
        unbuilt: the reason for a day that is not built.
    """

    table: Table
    expected: Mapping[dt.date, Inputs]
    built: Mapping[dt.date, str]
    unbuilt: str = "it is not built yet"

    def outdated(self, force: bool = False) -> list[dt.date]:
        """The days that are not built, or from something else; all with ``force``."""
        return sorted(
            day for day, inputs in self.expected.items() if force or self.built.get(day) != builds.fingerprint(inputs)
        )

    def reasons(self) -> Reasons:
        """Why each outdated day is outdated, in words."""
        days = self.outdated()
        before = builds.inputs_behind(self.table, {day: self.built[day] for day in days if day in self.built})
        return {
            day: builds.changes(before.get(day), self.expected[day]) if day in self.built else [self.unbuilt]
            for day in days
        }


def compare(table: Table, expected: Mapping[dt.date, Inputs], role: str | None = None) -> Comparison:
    """The days of ``expected`` as they are in the table now, in the rows of ``role`` where it has roles."""
    return Comparison(table, expected, built(table, role=role))


def built(
    table: Table, first: dt.date | None = None, last: dt.date | None = None, role: str | None = None
) -> dict[dt.date, str]:
    """The fingerprint of each day of the table, or of those from ``first`` to ``last``."""
    partition = {} if role is None else {"role": role}
    return {
        day: digest
        for day, digest in delta_log.constant_by_partition(table, INPUTS_FINGERPRINT, **partition).items()
        if (first is None or day >= first) and (last is None or day <= last)
    }


def compare_reasons(use_case: UseCase, expected: Mapping[dt.date, Inputs]) -> Comparison:
    """The reasons table on these days: a day on which no row gets reasons counts as built too."""
    table = tables.reasons(use_case)
    present = built(table, role=registry.CHAMPION)
    rowless = {day: builds.fingerprint({**inputs, **ROWLESS}) for day, inputs in expected.items() if day not in present}
    present |= {day: builds.fingerprint(expected[day]) for day in builds.inputs_behind(table, rowless)}
    return Comparison(table, expected, present, unbuilt="it has no reasons yet")


def record_rowless(use_case: UseCase, expected: Mapping[dt.date, Inputs]) -> None:
    """Record which of these days, all just written, have no row that gets reasons."""
    table = tables.reasons(use_case)
    written = built(table, role=registry.CHAMPION)
    builds.record(table, {day: {**inputs, **ROWLESS} for day, inputs in expected.items() if day not in written})
