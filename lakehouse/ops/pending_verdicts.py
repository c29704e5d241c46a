"""Verdicts that are owed, in ``ops.owed_verdicts``: of days that a restatement has set out to judge anew.

Features and scores that are stale are found by their fingerprints, again and again, until they are recomputed. A verdict has
none: it is known to be stale by the scores and labels that it rests on, and these are fresh again before it is given. A
restatement that is killed in between would forget it, so it writes down first what it owes and strikes it out last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pyarrow.compute as pc

from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import OWED_VERDICTS


def pending(use_case: str, first: dt.date | None = None, last: dt.date | None = None) -> list[dt.date]:
    """The days from ``first`` to ``last`` (all, when not given) whose verdict is owed."""
    found = (row["partition"] for row in small_tables.read(OWED_VERDICTS, pc.field("use_case") == use_case))
    return sorted(day for day in found if (first is None or day >= first) and (last is None or day <= last))


def record(use_case: str, days: Collection[dt.date]) -> None:
    """Write down, in one commit, that these days are to be judged anew."""
    if new := set(days) - set(pending(use_case)):
        now = dt.datetime.now(dt.UTC)
        lines = [{"use_case": use_case, "partition": day, "recorded_at": now} for day in sorted(new)]
        commits.replace_rows(OWED_VERDICTS, lines, _where(use_case, new))


def clear(use_case: str, days: Collection[dt.date]) -> None:
    """Strike out, in one commit, what has been judged."""
    if done := set(days) & set(pending(use_case)):
        commits.replace_rows(OWED_VERDICTS, [], _where(use_case, done))


def _where(use_case: str, days: Collection[dt.date]) -> str:
    return f"use_case = {sql_quoting.literal(use_case)} AND {sql_quoting.days_condition(days)}"
