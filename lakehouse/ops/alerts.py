"""The books of what people are told, ``ops.alerts``: a line for each fact and receiver, written before and after it is sent.

``open``: written down, and sent by nobody yet. ``sending``: somebody sends it; one that was killed meanwhile leaves it so, and
after a while it is sent again. ``sent``: the server or the file has it. ``failed``: tried in vain, and tried again later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import pyarrow.compute as pc

from lakehouse.storage import arrow_dataset, commits, small_tables, sql_quoting
from lakehouse.tables import ALERTS

OPEN, SENDING, SENT, FAILED = "open", "sending", "sent", "failed"

# Whoever sends for so long was killed: no way of sending waits longer.
LEASE = dt.timedelta(minutes=10)
# Between two tries it waits twice as long as the time before, from a minute to an hour.
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(minutes=1), dt.timedelta(hours=1)
# Then it is no news any more, and stays as it is.
GIVEN_UP_AFTER = dt.timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the books; the fields are the table's columns."""

    fact: str
    receiver: str
    event: str
    whose: str
    subject: str
    body: str
    run: str
    page: str
    state: str
    tries: int
    error: str | None
    happened_at: dt.datetime
    recorded_at: dt.datetime
    tried_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None

    def due(self, now: dt.datetime) -> bool:
        """Whether it is to be sent now."""
        if self.state == SENT or now - self.recorded_at >= GIVEN_UP_AFTER:
            return False
        if self.state == OPEN or self.tried_at is None:
            return True
        wait = LEASE if self.state == SENDING else min(FIRST_WAIT * 2 ** min(self.tries - 1, 10), LONGEST_WAIT)
        return now - self.tried_at >= wait


def lines(receivers: Iterable[str] | None = None, states: Iterable[str] | None = None) -> list[Line]:
    """The lines of these receivers in these states, or of all, in the order in which they were written down."""
    condition = pc.scalar(True)
    if receivers is not None:
        condition &= arrow_dataset.among("receiver", receivers)
    if states is not None:
        condition &= arrow_dataset.among("state", states)
    found = (Line(**row) for row in small_tables.read(ALERTS, condition))
    return sorted(found, key=lambda line: (line.recorded_at, line.happened_at, line.subject, line.receiver))


def record(new: Iterable[Line]) -> list[Line]:
    """Write down the lines whose fact and receiver the books do not have, in one commit; return them."""
    # Of the same fact told twice the first: what was seen says more than a record.
    wanted: dict[tuple[str, str], Line] = {}
    for line in new:
        wanted.setdefault((line.fact, line.receiver), line)
    written: list[Line] = []
    if not wanted:
        return written
    facts = sorted({fact for fact, _ in wanted})

    def change(present: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        there = {(row["fact"], row["receiver"]) for row in present}
        written[:] = [line for key, line in wanted.items() if key not in there]
        return [*present, *map(asdict, written)] if written else None

    # A look without a lock first: mostly there is nothing new.
    known = {(row["fact"], row["receiver"]) for row in small_tables.read(ALERTS, arrow_dataset.among("fact", facts))}
    if wanted.keys() <= known:
        return written
    among = ", ".join(map(sql_quoting.literal, facts))
    commits.amend_rows(ALERTS, arrow_dataset.among("fact", facts), f"fact IN ({among})", change)
    return written


def claim(line: Line, now: dt.datetime) -> Line | None:
    """The line as ``sending``, when it is still to be sent; None when somebody else sends it or has sent it."""
    return _amend(
        line,
        lambda present: (
            replace(present, state=SENDING, tries=present.tries + 1, tried_at=now) if present.due(now) else None
        ),
    )


def ended(line: Line, now: dt.datetime, error: str | None = None) -> Line | None:
    """Write down that the claimed line was sent, or why not; None when another has taken it over since."""

    def change(present: Line) -> Line | None:
        if (present.state, present.tries) != (SENDING, line.tries):
            return None
        if error is not None:
            return replace(present, state=FAILED, error=error)
        return replace(present, state=SENT, error=None, sent_at=now)

    return _amend(line, change)


def _amend(line: Line, change: Callable[[Line], Line | None]) -> Line | None:
    outcome: list[Line | None] = [None]

    def amend(present: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        outcome[0] = change(Line(**present[0])) if present else None
        return None if outcome[0] is None else [asdict(outcome[0])]

    read = (pc.field("fact") == line.fact) & (pc.field("receiver") == line.receiver)
    where = f"fact = {sql_quoting.literal(line.fact)} AND receiver = {sql_quoting.literal(line.receiver)}"
    commits.amend_rows(ALERTS, read, where, amend)
    return outcome[0]
