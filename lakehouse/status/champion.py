"""Who is champion, since when and why, by the audit log alone; and who scores in shadow, by the scores of a night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.ops import model_events
from lakehouse.status.books import CHANGES, ModelEvent
from lakehouse.storage.day_index import DayIndex

CHAMPION, CHALLENGER = "champion", "challenger"


@dataclass(frozen=True)
class Champion:
    """The version that decides.

    Attributes:
        version: its number.
        since: when it became champion.
        rolled_back: whether by a rollback; else it was promoted.
        before: the version that it replaced; None for the first.
        actor: who decided.
        reason: why.
        run_id: the run in MLflow that trained it.
    """

    version: int
    since: dt.datetime
    rolled_back: bool
    before: int | None
    actor: str
    reason: str
    run_id: str


def of(events: Sequence[ModelEvent]) -> Champion | None:
    """The champion by the last change in the audit log; None before the first."""
    changes = [one for one in events if one.event in CHANGES]
    if not changes:
        return None
    last = changes[-1]
    return Champion(
        last.model_version,
        last.happened_at,
        last.event == model_events.ROLLED_BACK,
        last.from_version,
        last.actor,
        last.reason,
        last.run_id,
    )


def in_shadow(scores: DayIndex | None, day: dt.date | None) -> tuple[int, ...]:
    """The versions that scored a day without deciding."""
    if scores is None or day is None:
        return ()
    return tuple(sorted(int(one) for one in scores.values("model_version", day, role=CHALLENGER)))
