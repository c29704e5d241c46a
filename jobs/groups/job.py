"""Group: silver -> the table of a feature group, for one version and one day or a range, in one commit."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.groups import first_built, version
from jobs.groups.arguments import GroupArguments
from jobs.groups.batch import GroupBatch
from jobs.result import Result
from lakehouse import tables
from lakehouse.arrivals import group_days, readiness
from lakehouse.declaration import feature_groups
from lakehouse.errors import RetentionRefused
from lakehouse.ops import builds
from lakehouse.staleness import group_staleness, group_users
from lakehouse.staleness.expired import Expired
from lakehouse.storage import delta_log


@dataclass(frozen=True, kw_only=True)
class GroupResult(Result):
    """How many days were built, of how many rows, and the table's version with them."""

    days: int = 0
    rows: int = 0
    table_version: int = -1


def run(arguments: GroupArguments) -> GroupResult:
    """Build the days whose inputs or code have changed since they were built; leave the others alone.

    A version that nobody needs any more is not built, unless ``force`` is set.
    """
    group = feature_groups.by_name(arguments.group, arguments.version)
    table, days = tables.group(group), arguments.days
    if not arguments.force and not (needed := group_users.needed_by(group)).names:
        return GroupResult(status="none", message=needed.in_words)
    arrivals = readiness.Arrivals(group, days[0], days[-1])
    arrivals.expect(days, table.full_name)
    expected = group_staleness.expected(group, days, arrivals, version.GROUPS)
    stale = group_staleness.compare(group, expected).outdated(arguments.force)
    if not stale:
        return GroupResult(status="unchanged", days=len(days), table_version=delta_log.version(table))

    if gone := Expired().features(group, stale):
        day, why = next(iter(gone.items()))
        raise RetentionRefused(
            f"{table.full_name}: expected the rows that {day} is made from, found that {why}; {len(gone)} day(s) stay as "
            "they are: ask "
            "for later days"
        )
    by_day = builds.record(table, {day: expected[day] for day in stale})
    first_built.keep(group, stale)
    rows = GroupBatch(group, tuple(stale)).build(arrivals.same_snapshots(stale), by_day)
    present = delta_log.rows_by_day(table)
    group_days.record_rowless(table, {day: expected[day] for day in stale if day not in present})
    return GroupResult(status="built", days=len(stale), rows=rows, table_version=delta_log.version(table))
