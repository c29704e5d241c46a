"""The nights that a version takes over when it comes back: which they are, and their scores made anew."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection

from lakehouse.date_ranges import contiguous
from lakehouse.declaration import UseCase
from lakehouse.models import version_selection
from lakehouse.ops import pending_verdicts
from lakehouse.ops.model_events import Event

log = logging.getLogger(__name__)


def days_to_rescore(use_case: UseCase, versions: Collection[int]) -> list[dt.date]:
    """The days scored by these versions because they were champion; days that somebody asked a version for stay as they are."""
    reasons = version_selection.chosen_by(use_case)
    by_right = (version_selection.CHAMPION, version_selection.NOW, version_selection.ROLLED_BACK, "")
    scored = version_selection.scored_by(use_case)
    return sorted(day for day, version in scored.items() if version in versions and reasons.get(day, "") in by_right)


def rescore(use_case: UseCase, event: Event, actor: str) -> tuple[list[dt.date], list[dt.date]]:
    """Score the nights by the version that came back, and judge anew what rests on them.

    Nights are found by their scores, so that a run that was killed goes on where it stopped, and a night that was being scored
    meanwhile is found too. What monitoring owes is written down first, and struck out last.

    Returns:
        The days that were scored again, and those that were judged anew; none when all was done before.
    """
    from jobs.monitor import job as monitor
    from jobs.monitor.arguments import MonitorArguments
    from jobs.score import job as score
    from jobs.score.arguments import ScoreArguments

    done: set[dt.date] = set()
    maturity = dt.timedelta(days=use_case.label.maturity_days)
    while not done >= set(due := days_to_rescore(use_case, event.evidence["passed_over"])):
        # A failed attempt's second half: without it a night would be scored and never judged.
        pending_verdicts.record(
            use_case.name, sorted({*due, *(day + maturity for day in due)} & set(version_selection.scored_by(use_case)))
        )
        for first, last in contiguous(due):
            log.info("rollback: scoring %s to %s by version %d", first, last, event.model_version)
            score.run(
                ScoreArguments(
                    use_case=use_case.name,
                    partition=first,
                    through=last,
                    model_version=event.model_version,
                    chosen_by=version_selection.ROLLED_BACK,
                    actor=actor,
                )
            )
        done |= set(due)
    judged = _owed(use_case, event)
    for first, last in contiguous(judged):
        monitor.run(MonitorArguments(use_case=use_case.name, partition=first, through=last, actor=actor))
    pending_verdicts.clear(use_case.name, judged)
    return sorted(done), judged


def _owed(use_case: UseCase, event: Event) -> list[dt.date]:
    """The verdicts owed of the nights of this rollback, and of the days on which their labels matured."""
    mine = {day for day, why in version_selection.chosen_by(use_case).items() if why == version_selection.ROLLED_BACK}
    mine |= {day + dt.timedelta(days=use_case.label.maturity_days) for day in mine}
    return [day for day in pending_verdicts.pending(use_case.name) if day in mine]
