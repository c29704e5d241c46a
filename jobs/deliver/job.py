"""Deliver: gold scores -> the targets that a use case declares, exactly what was scored, once."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from jobs.asked_days import NOT_SCORED, AskedDays, ScoredDaysResult
from jobs.deliver import version
from jobs.deliver.arguments import DeliverArguments
from jobs.deliver.delivery import Delivery
from lakehouse import tables
from lakehouse.declaration import Target, UseCase, loader
from lakehouse.errors import BadArguments, InputsMissing, NightjarError
from lakehouse.ops import exports
from lakehouse.ops.exports import Export
from lakehouse.staleness import export_plan
from lakehouse.staleness.expired import Expired
from lakehouse.staleness.export_plan import Scores

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SentDay:
    """A day of a target, as this run left it.

    Attributes:
        target: the declared name.
        partition: the day.
        status: sent; completed: an earlier run had sent it and was killed before it wrote that down; unchanged; planned.
        rows: in the target.
        checksum: of these rows, as in ops.exports.
    """

    target: str
    partition: dt.date
    status: str
    rows: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeliverResult(ScoredDaysResult):
    """What was delivered.

    Attributes:
        days: every day of every target that was looked at.
        rows: the rows that were sent.
        model_versions: the versions that decided the rows in the targets.
        scores_version: of the scores table, when the run began.
    """

    days: list[SentDay] = field(default_factory=list)
    rows: int = 0
    model_versions: list[int] = field(default_factory=list)
    scores_version: int = -1


def run(arguments: DeliverArguments) -> DeliverResult:
    """Send the days whose scores have not been sent as they are now; leave the others alone.

    A target that fails does not keep the others from getting theirs: its error is raised at the end.

    Raises:
        BadArguments: when the use case declares no such target. InputsMissing: when a day has no scores.
        TargetUnavailable, TargetRefused, ConnectionWrong: when a target did not take its rows.
    """
    use_case = loader.by_name(arguments.use_case)
    targets = _targets(use_case, arguments.target)
    scores = Scores.now(use_case)
    asked = AskedDays.of_built(use_case, _asked(arguments))
    if asked.others and not asked.scored:
        return DeliverResult(status=NOT_SCORED, scores_version=scores.version, **_left_out(asked))
    sent: list[SentDay] = []
    errors: list[NightjarError] = []
    for target in targets:
        try:
            lines = {line.partition: line for line in exports.of_use_case(use_case.name, [target.name])}
            for day in _days(use_case, target, scores, lines, arguments):
                delivery = Delivery(use_case, target, day, version.DELIVERY, arguments.actor)
                line = lines.get(day)
                current = line if line is not None and delivery.is_up_to_date(line, scores) else None
                sent.append(_deliver(delivery, current, arguments))
        except NightjarError as error:
            log.error("deliver: %s: %s", type(error).__name__, error)
            errors.append(error)
    if errors:
        # Of several the one that a retry can't clear: it needs somebody.
        raise min(errors, key=lambda error: error.retryable)
    changed = [one for one in sent if one.status != "unchanged"]
    after = exports.of_use_case(use_case.name, [target.name for target in targets], {one.partition for one in sent})
    return DeliverResult(
        status=("planned" if arguments.dry_run else "sent") if changed else "unchanged",
        days=sent,
        rows=sum(one.rows or 0 for one in sent if one.status == "sent"),
        model_versions=sorted({number for line in after for number in line.model_versions or ()}),
        scores_version=scores.version,
        **_left_out(asked),
    )


def _left_out(asked: AskedDays) -> dict[str, Any]:
    return {"message": asked.message, "not_scored": asked.others}


def _asked(arguments: DeliverArguments) -> list[dt.date]:
    """The days that are asked for one by one; none where those are meant that were delivered before, or that are scored."""
    first, last = arguments.partition, arguments.last
    if arguments.corrections or first is None or last is None:
        return []
    return [first + dt.timedelta(days=offset) for offset in range((last - first).days + 1)]


def _deliver(delivery: Delivery, line: Export | None, arguments: DeliverArguments) -> SentDay:
    """Send the day, unless the ``line`` of the books says that it is up to date, and rightly so."""
    target, day = delivery.target, delivery.day
    if line is not None and not arguments.force and not (arguments.verify and delivery.differs(line)):
        return SentDay(target=target.name, partition=day, status="unchanged", rows=line.rows, checksum=line.checksum)
    if arguments.dry_run:
        return SentDay(target=target.name, partition=day, status="planned")
    # What differs from the books has a note that says what they say.
    status, line = delivery.send(arguments.force or line is not None)
    log.info("deliver: %s: %s %s: %s row(s)", target.name, day, status, line.rows)
    return SentDay(target=target.name, partition=day, status=status, rows=line.rows, checksum=line.checksum)


def _targets(use_case: UseCase, name: str | None) -> list[Target]:
    found = [target for target in use_case.deliver if name in (None, target.name)]
    if not found and (name is not None or not use_case.deliver):
        names = ", ".join(target.name for target in use_case.deliver) or "none"
        raise BadArguments(
            f"use case {use_case.name}: expected a declared target{'' if name is None else f' {name}'}, found {names}; declare it "
            "in the section deliver of its use_case.yaml"
        )
    return found


def _days(
    use_case: UseCase,
    target: Target,
    scores: Scores,
    lines: Collection[dt.date],
    arguments: DeliverArguments,
) -> list[dt.date]:
    """The days that are asked for, in order; ``lines``: the days that were delivered before."""
    first, last = arguments.partition, arguments.last
    if arguments.corrections:
        if arguments.force or arguments.verify:
            known = list(lines)
        else:
            known = list(export_plan.outdated(use_case, target, version.DELIVERY, first, last))
    elif first is None:
        known = list(scores.files)
    else:
        asked = AskedDays.of_built(use_case, _asked(arguments)).scored
        if absent := [day for day in asked if day not in scores.files and day not in lines]:
            raise InputsMissing(
                f"{use_case.name}: expected the scores of {len(asked)} day(s), {len(absent)} are not scored, such as {absent[0]}; "
                f"score them first: python -m jobs score --use-case {use_case.name} --partition {absent[0]}"
            )
        known = asked
    gone, table = Expired(), tables.scores(use_case)
    # What retention took here the target may keep: nothing is sent in its place.
    kept = (day for day in known if day in scores.files or not gone.has(table, day))
    return sorted(day for day in kept if (first is None or day >= first) and (last is None or day <= last))
