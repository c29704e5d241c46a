"""Which days of a feature group were built from something else than they would be now, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from lakehouse import tables
from lakehouse.arrivals import group_days
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import FeatureGroup, UseCase, transform
from lakehouse.ops.builds import Inputs
from lakehouse.staleness.up_to_date import Comparison, Reasons


def expected(group: FeatureGroup, days: Iterable[dt.date], arrivals: Arrivals, code: int) -> dict[dt.date, Inputs]:
    """The deliveries that each day may read, the group's transform and declared features, and the building code."""
    by = {"the transform": transform.group_digest(group), "the building code": str(code)}
    return {day: {**arrivals.inputs(day), **by} for day in days}


def compare(group: FeatureGroup, inputs: Mapping[dt.date, Inputs]) -> Comparison:
    """These days as they are built now."""
    return Comparison(tables.group(group), inputs, group_days.of_group(group))


def stale(group: FeatureGroup, code: int, first: dt.date | None = None, last: dt.date | None = None) -> Reasons:
    """Why each built day from ``first`` to ``last`` (all, when not given) is not what it would be now."""
    built = [day for day in group_days.of_group(group) if (first or day) <= day <= (last or day)]
    if not built:
        return {}
    arrivals = Arrivals(group, min(built), max(built))
    return compare(group, expected(group, built, arrivals, code)).reasons()


def of_use_case(
    use_case: UseCase, code: int, first: dt.date | None = None, last: dt.date | None = None
) -> dict[str, Reasons]:
    """The stale days that the days from ``first`` to ``last`` read, by group and version, such as ``history v2``."""
    found = {}
    for taken in use_case.taken:
        oldest = None if first is None else first - dt.timedelta(days=taken.group.ttl_days)
        found[taken.use.label] = stale(taken.group, code, oldest, last)
    return found


def depending(use_case: UseCase, stale_days: Mapping[str, Reasons], built: Iterable[dt.date]) -> Reasons:
    """Of the built days of the features those that read a stale day of a group, and which. What is read as it was first stays."""
    waiting: Reasons = {}
    for taken in use_case.taken:
        if taken.use.as_known == "served":
            continue
        ttl = dt.timedelta(days=taken.group.ttl_days)
        for day in built:
            if read := [old for old in stale_days.get(taken.use.label, {}) if day - ttl <= old <= day]:
                more = f" and {len(read) - 3} more" if len(read) > 3 else ""
                named = ", ".join(map(str, sorted(read)[-3:]))
                waiting.setdefault(day, []).append(f"{taken.use.label} is stale: {named}{more}")
    return waiting
