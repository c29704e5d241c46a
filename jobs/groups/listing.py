"""The feature groups: what each version has, who needs it, and which nobody needs any more. Changes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs.arguments import Arguments
from jobs.result import Result
from lakehouse import tables
from lakehouse.arrivals import group_days
from lakehouse.declaration import feature_groups
from lakehouse.staleness import group_users
from lakehouse.storage import delta_log


@dataclass(frozen=True, kw_only=True)
class ListedGroup:
    """A version: its newest built day, the rows of its table, and who needs it."""

    group: str
    version: int
    newest_day: dt.date | None
    rows: int
    needed_by: list[str]


@dataclass(frozen=True, kw_only=True)
class GroupsResult(Result):
    """Every version of every group, and the names of those that nobody needs."""

    groups: list[ListedGroup]
    retired: list[str]


def run(arguments: Arguments) -> GroupsResult:
    """List them, a line each."""
    listed, retired = [], []
    for group in feature_groups.declared():
        needed, table = group_users.needed_by(group), tables.group(group)
        newest = max(group_days.of_group(group), default=None)
        rows = sum(delta_log.rows_by_day(table).values())
        listed.append(
            ListedGroup(
                group=group.name, version=group.version, newest_day=newest, rows=rows, needed_by=list(needed.names)
            )
        )
        print(f"{table.full_name}: {rows} row(s), newest day {newest or 'none'}: {needed.in_words}")
        retired += [] if needed.names else [group.table_name]
    print(f"{len(listed)} version(s), {len(retired)} of them retired")
    return GroupsResult(status="listed", groups=listed, retired=retired)
