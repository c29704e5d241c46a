"""Which days' reasons are those of their scores: asked of the logs and ``ops.builds`` alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.storage import delta_log

# A day may have no score that asks for reasons, and then no row to carry a fingerprint: a line of its own in ops.builds says
# so, written after the day's commit.
EMPTY = {"rows": "none asks for reasons"}


def behind(use_case: UseCase, inputs_of: Mapping[dt.date, Inputs]) -> dict[dt.date, list[str]]:
    """The days whose reasons were not made from these inputs, and why."""
    table = tables.reasons(use_case)
    built = delta_log.constant_by_partition(table, "inputs_fingerprint", role=registry.CHAMPION)
    other = {day: inputs for day, inputs in inputs_of.items() if built.get(day) != builds.fingerprint(inputs)}
    rowless = {day: builds.fingerprint({**inputs, **EMPTY}) for day, inputs in other.items() if day not in built}
    empty = builds.inputs_behind(table, rowless)
    stale = [day for day in other if day not in empty]
    before = builds.inputs_behind(table, {day: built[day] for day in stale if day in built})
    return {
        day: builds.changes(before.get(day), inputs_of[day]) if day in built else ["it has no reasons yet"]
        for day in sorted(stale)
    }


def record_empty(use_case: UseCase, inputs_of: Mapping[dt.date, Inputs]) -> None:
    """Write down of these days, which were just written, that no row asked for reasons, where that is so."""
    table = tables.reasons(use_case)
    written = delta_log.constant_by_partition(table, "inputs_fingerprint", role=registry.CHAMPION)
    builds.record(table, {day: {**inputs, **EMPTY} for day, inputs in inputs_of.items() if day not in written})
