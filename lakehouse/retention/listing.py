"""What retention does next, for people: a line a table or landing zone."""

from __future__ import annotations

import datetime as dt

from lakehouse.retention import plan
from lakehouse.retention.plan import Plan

COLUMNS = ("table", "rule", "oldest", "newest", "goes_next", "older_and_kept", "why")
NOTHING_DECLARED = "nothing declared: stays"
SHOWN = 2


def rows(now: dt.datetime) -> list[list[object]]:
    """The lines: of everything that has days."""
    return [_row(one) for one in plan.make(now, without_rule=True) if one.present]


def _row(one: Plan) -> list[object]:
    going, kept = one.decision.going, one.decision.kept
    reasons = list(dict.fromkeys(why for _, why in sorted(kept.items())))
    more = f" and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return [
        one.subject.name,
        str(one.subject.rule or NOTHING_DECLARED),
        min(one.present),
        max(one.present),
        f"{len(going)} day(s), {going[0]} to {going[-1]}" if going else None,
        f"{len(kept)} day(s), {min(kept)} to {max(kept)}" if kept else None,
        "; ".join(reasons[:SHOWN]) + more or None,
    ]
