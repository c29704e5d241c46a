"""Taking away what is older than declared: a line in ``ops.retention`` before, one commit a table, the line closed after.

A run that is killed in between leaves a line that says so; the next run closes it, or plans again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from pyarrow import fs

from lakehouse import settings
from lakehouse.ops import retention
from lakehouse.ops.retention import REMOVING
from lakehouse.retention import days as of_days
from lakehouse.retention import landed
from lakehouse.retention.plan import Plan
from lakehouse.storage import commits, sql_quoting, store_errors, stored_files
from lakehouse.tables import ALERTS, Table

log = logging.getLogger(__name__)

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Taken:
    """What was taken from a table or a landing zone: how many days, rows and files."""

    days: int
    rows: int
    files: int


def describe(plans: Iterable[Plan]) -> list[str]:
    """What would go, a line each."""
    now = dt.datetime.now(dt.UTC)
    return [
        f"{line.table}: {line.first_day} to {line.last_day}: {line.days} day(s), {line.rows} rows, {line.files} files, "
        f"{line.bytes} bytes ({line.rule})"
        for plan in plans
        for line in plan.removals("", now)
    ]


def expire(plans: Sequence[Plan], actor: str, now: dt.datetime) -> dict[str, Taken]:
    """Take away what the plans say; by name what that was."""
    done: dict[str, Taken] = {}
    # What is made from silver first, bronze after silver, and files last: a kill leaves what the rest could be made from.
    order = ("gold", "ops", "silver", "bronze", "landing")
    for plan in sorted(plans, key=lambda one: order.index(one.subject.layer)):
        name = plan.subject.name
        _settle(plan, now)
        lines = plan.removals(actor, now)
        if not lines:
            continue
        retention.record(lines)
        stayed = _remove(plan)
        if stayed:
            for line in lines:
                retention.take_back(line)
            lines = plan.without(stayed).removals(actor, now)
        retention.close(lines, now)
        if not lines:
            continue
        size = Taken(*(sum(getattr(line, field) for line in lines) for field in ("days", "rows", "files")))
        log.info("retention: %s: %d day(s) up to %s, %d rows", name, size.days, lines[-1].last_day, size.rows)
        done[name] = size
    return done


def _settle(plan: Plan, now: dt.datetime) -> None:
    """Close the lines of a run that was killed where what they name is gone, and take back those where it is not.

    Files go one day after another: where the first days are gone, the line is closed for these.
    """
    for line in retention.lines(plan.subject.name):
        if line.state != REMOVING:
            continue
        gone = plan.gone_before(line)
        if gone != line:
            retention.take_back(line)
        if gone is not None:
            retention.close([gone], now)


def _remove(plan: Plan) -> Collection[dt.date]:
    """Returns the days that stay after all."""
    table, going = plan.subject.table, plan.decision.going
    if table is None:
        assert plan.subject.source is not None
        return _remove_files(plan.subject.source.name, going)
    if "partition" in table.partition_by:
        # By the log alone: no row is read.
        commits.replace_by_files([], table, {"partition": going})
    else:
        _remove_rows(table, going)
    return ()


def _remove_rows(table: Table, days: Sequence[dt.date]) -> None:
    """Of a table of few rows."""
    if table is not ALERTS:
        commits.replace_rows(table, [], sql_quoting.days_condition(days))
        return
    for day in days:
        first, last = (dt.datetime.combine(one, dt.time(), dt.UTC) for one in (day, day + DAY))
        commits.amend_rows(
            table,
            (pc.field("happened_at") >= first) & (pc.field("happened_at") < last),
            f"happened_at >= TIMESTAMP '{first.isoformat(sep=' ')}' AND happened_at < TIMESTAMP '{last.isoformat(sep=' ')}'",
            _unsent,
        )


def _unsent(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [row for row in rows if row["state"] != of_days.SENT]


def _remove_files(source: str, days: Sequence[dt.date]) -> set[dt.date]:
    location = f"{settings.load().landing_root}/{source}"
    filesystem, _ = stored_files.filesystem_of(location)
    files = landed.landed(source)
    # Looked at again: somebody may have delivered a correction meanwhile.
    waiting = landed.not_taken_in(source, files)
    waiting |= landed.unknown(source, files, [day for day in days if day in files and day not in waiting])
    for day in sorted(days):
        if day in files and day not in waiting:
            for path in files[day].paths:
                _delete(filesystem, path)
    return waiting.intersection(days)


def _delete(filesystem: fs.FileSystem, path: str) -> None:
    try:
        filesystem.delete_file(path)
    except FileNotFoundError:
        return
    except OSError as error:
        if (named := store_errors.named(error)) is not None:
            raise named from error
        raise
