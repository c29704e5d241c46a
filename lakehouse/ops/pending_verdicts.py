"""Pending verdicts, in ``ops.owed_verdicts``: the days whose drift verdict a restatement has yet to give again.

Stale features and scores are recognised by their fingerprints until they are recomputed. A verdict has no fingerprint: it is
stale because of the scores and labels that it rests on, and these are recomputed before it. A restatement that is killed in
between would forget the verdict, so it records its days first and removes them last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pyarrow.compute as pc

from lakehouse.storage import commits, small_tables, sql_quoting
from lakehouse.tables import OWED_VERDICTS


def pending(use_case: str, first: dt.date | None = None, last: dt.date | None = None) -> list[dt.date]:
    """The days from ``first`` to ``last`` (all, when not given) whose verdict is pending."""
    days = (row["partition"] for row in small_tables.read(OWED_VERDICTS, pc.field("use_case") == use_case))
    return sorted(day for day in days if (first is None or day >= first) and (last is None or day <= last))


def record(use_case: str, days: Collection[dt.date]) -> None:
    """Record, in one commit, that the verdicts of these days are pending."""
    if new := set(days) - set(pending(use_case)):
        now = dt.datetime.now(dt.UTC)
        lines = [{"use_case": use_case, "partition": day, "recorded_at": now} for day in sorted(new)]
        commits.replace_rows(OWED_VERDICTS, lines, _where(use_case, new))


def clear(use_case: str, days: Collection[dt.date]) -> None:
    """Remove, in one commit, the days whose verdict has been given."""
    if done := set(days) & set(pending(use_case)):
        commits.replace_rows(OWED_VERDICTS, [], _where(use_case, done))


def _where(use_case: str, days: Collection[dt.date]) -> str:
    return f"use_case = {sql_quoting.literal(use_case)} AND {sql_quoting.days_condition(days)}"
