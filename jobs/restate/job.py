"""Restate: recompute the gold partitions whose inputs have changed: feature groups and features first, then scores, metrics and
verdicts, and at last what was delivered of them.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from jobs import code_versions
from jobs.restate import of_dataset, of_source
from jobs.restate.arguments import RestateArguments
from jobs.result import Result
from lakehouse.date_ranges import contiguous
from lakehouse.declaration import UseCase, loader
from lakehouse.ops import pending_verdicts
from lakehouse.staleness import report

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RestateResult(Result):
    """The days of each stage that were recomputed, or would be."""

    features: list[dt.date]
    score: list[dt.date]
    # Of computed labels, which days have that were never scored too. Others are made by monitoring.
    labels: list[dt.date]
    monitor: list[dt.date]
    deliver: list[dt.date]
    # By feature group and version, such as "history v2".
    groups: dict[str, list[dt.date]] = field(default_factory=dict)


def run(arguments: RestateArguments) -> Result:
    """Recompute what is stale of all days, or of those from ``partition`` to ``through``, and no other partition.

    With ``source`` that of each use case that reads it; with ``dataset`` its documents and the answers about them.
    """
    if arguments.dataset:
        return of_dataset.restate(arguments)
    return of_source.restate(arguments, of_use_case) if arguments.source else of_use_case(arguments)


def of_use_case(arguments: RestateArguments) -> RestateResult:
    """The same of one use case."""
    use_case = loader.by_name(arguments.use_case)
    stale = report.find(use_case, code_versions.CURRENT, arguments.partition, arguments.last, arguments.champion)
    features, score, monitor = sorted(stale.features), sorted({*stale.scores, *stale.reasons}), stale.monitor
    deliver = sorted({day for days in stale.deliveries.values() for day in days})
    labels = sorted(stale.outcomes) if use_case.label.computed else []
    groups = {label: sorted(days) for label, days in stale.groups.items() if days}
    stages = (("features", features), ("score", score), ("labels", labels), ("monitor", monitor), ("deliver", deliver))
    for stage, days in (*groups.items(), *stages):
        ranges = ", ".join(f"{begin} to {end}" for begin, end in _ranges(use_case, days)) or "nothing"
        log.info("restate: %s: %d day(s): %s", stage, len(days), ranges)
    for table, day, why in stale.expired:
        log.warning("restate: %s %s stays as it is: %s", table, day, why)
    plan = RestateResult(
        message=_left_alone(stale.expired),
        status="planned" if groups or features or score or labels or monitor or deliver else "fresh",
        features=features,
        score=score,
        labels=labels,
        monitor=monitor,
        deliver=deliver,
        groups=groups,
    )
    if arguments.dry_run or plan.status == "fresh":
        return plan
    pending_verdicts.record(use_case.name, monitor)
    _rebuild_groups(use_case, arguments, plan)
    _recompute(arguments, use_case, plan)
    pending_verdicts.clear(use_case.name, monitor)
    if deliver and not arguments.no_deliver:
        # Last: a target that is away keeps nothing here from being right, and its days stay stale.
        _deliver(arguments, deliver)
    if not arguments.no_deliver:
        _publish_groups(use_case, arguments, plan)
    return replace(plan, status="restated")


def _left_alone(expired: Sequence[tuple[str, dt.date, str]]) -> str:
    """What a person has to know of days that can't be made again; empty where there are none."""
    if not expired:
        return ""
    table, day, why = expired[0]
    more = f", and {len(expired) - 1} more" if len(expired) > 1 else ""
    return f"{table} {day}{more} can't be made again: {why}"


def _ranges(use_case: UseCase, days: list[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """The days as ranges that have no other scored day: a run of a stage each."""
    return list(use_case.calendar.scores.ranges(days))


def _rebuild_groups(use_case: UseCase, arguments: RestateArguments, plan: RestateResult) -> None:
    """Build the stale days of the groups again: the features are joined from them."""
    from jobs.groups import job as groups
    from jobs.groups.arguments import GroupArguments

    for use in use_case.groups:
        for first, last in contiguous(plan.groups.get(use.label, ())):
            groups.run(
                GroupArguments(
                    group=use.group, version=use.version, partition=first, through=last, actor=arguments.actor
                )
            )


def _publish_groups(use_case: UseCase, arguments: RestateArguments, plan: RestateResult) -> None:
    from jobs.publish import job as publish
    from jobs.publish.arguments import PublishArguments

    for taken in use_case.taken:
        if taken.group.publish is not None and taken.use.label in plan.groups:
            publish.run(PublishArguments(group=taken.use.group, version=taken.use.version, actor=arguments.actor))


def _recompute(arguments: RestateArguments, use_case: UseCase, plan: RestateResult) -> None:
    # Imported here: a plan that is only shown needs no Spark.
    from jobs.features import job as features
    from jobs.features.arguments import FeaturesArguments
    from jobs.labels import outcomes
    from jobs.monitor import job as monitor
    from jobs.monitor.arguments import MonitorArguments
    from jobs.score import job as score
    from jobs.score.arguments import ScoreArguments

    name, actor = arguments.use_case, arguments.actor
    for first, last in _ranges(use_case, plan.features):
        features.run(FeaturesArguments(use_case=name, partition=first, through=last, actor=actor))
    for first, last in _ranges(use_case, plan.score):
        champion = arguments.champion
        score.run(ScoreArguments(use_case=name, partition=first, through=last, actor=actor, champion=champion))
    if plan.labels:
        outcomes.mature(use_case, plan.labels)
    for first, last in _ranges(use_case, plan.monitor):
        monitor.run(MonitorArguments(use_case=name, partition=first, through=last, actor=actor))


def _deliver(arguments: RestateArguments, days: list[dt.date]) -> None:
    from jobs.deliver import job as deliver
    from jobs.deliver.arguments import DeliverArguments

    deliver.run(
        DeliverArguments(
            use_case=arguments.use_case, partition=days[0], through=days[-1], corrections=True, actor=arguments.actor
        )
    )
