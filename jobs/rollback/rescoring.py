"""The nights that a former champion takes over when it is champion again, and their new scores."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection

from lakehouse.declaration import UseCase
from lakehouse.models import version_selection
from lakehouse.ops import pending_verdicts
from lakehouse.ops.model_events import Event
from lakehouse.staleness import monitored_days

log = logging.getLogger(__name__)


def days_to_rescore(use_case: UseCase, versions: Collection[int]) -> list[dt.date]:
    """The days scored by these versions because they were champion; days scored by a requested version stay as they are."""
    as_champion = (version_selection.CHAMPION, version_selection.NOW, version_selection.ROLLED_BACK, "")
    return sorted(
        day
        for day, scores in version_selection.scored(use_case).items()
        if scores.version in versions and scores.why in as_champion and use_case.calendar.scores.includes(day)
    )


def rescore(use_case: UseCase, event: Event, actor: str) -> tuple[list[dt.date], list[dt.date]]:
    """Score the nights by the version that is champion again, and repeat the verdicts that depend on them.

    Nights are found by their scores, so that a run that was killed continues where it stopped, and a night that was being
    scored meanwhile is found too. The pending verdicts are recorded first, and cleared last.

    Returns:
        The days that were scored again, and those whose verdict was repeated; none when all was done before.
    """
    from jobs.monitor import job as monitor
    from jobs.monitor.arguments import MonitorArguments
    from jobs.score import job as score
    from jobs.score.arguments import ScoreArguments

    done: set[dt.date] = set()
    ranges = use_case.calendar.scores.ranges
    while not done >= set(due := days_to_rescore(use_case, event.evidence["passed_over"])):
        # Otherwise a night that is scored before this run is killed never gets its new verdict.
        pending_verdicts.record(use_case.name, sorted(monitored_days.of_changed(use_case, due)))
        for first, last in ranges(due):
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
    verdict_days = _pending(use_case)
    for first, last in ranges(verdict_days):
        monitor.run(MonitorArguments(use_case=use_case.name, partition=first, through=last, actor=actor))
    pending_verdicts.clear(use_case.name, verdict_days)
    return sorted(done), verdict_days


def deliver(use_case: UseCase, actor: str) -> None:
    """Replace what was delivered of nights that were scored again; also what an attempt that was killed has left."""
    from jobs.deliver import job
    from jobs.deliver.arguments import DeliverArguments

    job.run(DeliverArguments(use_case=use_case.name, corrections=True, actor=actor))


def _pending(use_case: UseCase) -> list[dt.date]:
    """The pending verdicts of nights that were rolled back, and of the days on which their labels matured."""
    scored = version_selection.scored(use_case)
    nights = {day for day, scores in scored.items() if scores.why == version_selection.ROLLED_BACK}
    days = nights | {day + dt.timedelta(days=use_case.maturity_days) for day in nights}
    return [day for day in pending_verdicts.pending(use_case.name) if day in days]
