"""How a source stands: what has arrived, what is due, what was refused, and how many rows were rejected; by the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lakehouse.arrivals import freshness
from lakehouse.declaration import Owner, Source
from lakehouse.ops import deliveries
from lakehouse.status import DAYS
from lakehouse.status.due import A_DAY
from lakehouse.status.ledger_files import Line

DayState = Literal["ingested", "refused", "missing", "none"]


@dataclass(frozen=True)
class SourceDay:
    """A day of a source.

    Attributes:
        day: which.
        state: ingested, refused (and nothing taken in), missing (and due), or none (nothing is due).
        rows: how many rows were delivered, of all its deliveries.
        rejected: how many of them failed the contract.
        deliveries: how many deliveries were taken in: more than one are corrections.
    """

    day: dt.date
    state: DayState
    rows: int
    rejected: int
    deliveries: int


@dataclass(frozen=True)
class SourceState:
    """How a source stands.

    Attributes:
        owner, source: which.
        newest: the newest day that was taken in, within what is looked at.
        due: the newest day whose delivery should be there; None of an occasional source, and before the first is due.
        days: the last days up to the one that is due, in order; of an occasional source those with a delivery.
        lines: the ledger's newest lines, newest first.
        ended: the calendar's last day, once it has passed.
    """

    owner: Owner
    source: Source
    newest: dt.date | None
    due: dt.date | None
    days: tuple[SourceDay, ...]
    lines: tuple[Line, ...]
    ended: dt.date | None

    @property
    def missing(self) -> tuple[dt.date, ...]:
        """The days that are due and have not come, in order."""
        return tuple(one.day for one in self.days if one.state == "missing")

    @property
    def refused(self) -> tuple[dt.date, ...]:
        """The days of which every delivery was refused."""
        return tuple(one.day for one in self.days if one.state == "refused")


def of(owner: Owner, source: Source, lines: Sequence[Line], now: dt.datetime) -> SourceState:
    """How the source stands by ``now``.

    Args:
        owner: whom it belongs to.
        source: which.
        lines: the ledger's lines of its last days.
        now: the present.
    """
    ingested = [line for line in lines if line.status == deliveries.INGESTED]
    newest = max((line.partition for line in ingested), default=None)
    due = freshness.newest_due(owner, source, now)
    # A day that has come before it was due is shown too.
    last = max((*(line.partition for line in lines), *((due,) if due is not None else ())), default=None)
    calendar = owner.calendar
    over = calendar.end is not None and now.date() > calendar.end + dt.timedelta(days=source.arrives_after_days + 1)
    if over and newest is not None:
        # Of a calendar that has passed the last days that came, not the last that might have.
        last = newest
    days: list[SourceDay] = []
    if last is not None and lines:
        # What came before the first delivery is history that was not loaded, and lacks nothing.
        begun = min(line.partition for line in lines)
        first = min(max(begun, last - dt.timedelta(days=DAYS - 1)), last)
        days = [_day(first + offset * A_DAY, lines, due) for offset in range((last - first).days + 1)]
    if source.cadence == "occasional":
        days = [one for one in days if one.state != "none"]
    shown = sorted(lines, key=lambda line: (line.ingested_at, line.partition), reverse=True)
    return SourceState(owner, source, newest, due, tuple(days), tuple(shown), calendar.end if over else None)


def _day(day: dt.date, lines: Sequence[Line], due: dt.date | None) -> SourceDay:
    of_day = [line for line in lines if line.partition == day]
    taken = [line for line in of_day if line.status == deliveries.INGESTED]
    state: DayState = "none"
    if taken:
        state = "ingested"
    elif of_day:
        state = "refused"
    elif due is not None and day <= due:
        state = "missing"
    counted = taken or of_day
    return SourceDay(
        day,
        state,
        sum(line.delivered_rows for line in counted),
        sum(line.rejected_rows for line in counted),
        len(taken),
    )
