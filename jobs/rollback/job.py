"""Rollback: back to the former champion, by the audit log; on request also its scores of the nights since."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field

from jobs.result import Result
from jobs.rollback import champion_history, rescoring
from jobs.rollback.arguments import RollbackArguments
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import BadArguments, ChampionChanged, ModelMissing, ModelRefused
from lakehouse.models import artifacts, champion_record, recorded_version, registry
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RollbackResult(Result):
    """From which version to which, and what followed.

    Attributes:
        from_version: the champion before.
        to_version: the champion now.
        window: the first and the last night that the rollback is about, as ISO days.
        nights: all of them.
        rescored: the days that were scored again.
        judged: the days whose verdict was repeated.
        reason: why.
        actor: the person or program that requested it.
    """

    from_version: int | None = None
    to_version: int | None = None
    window: list[str] | None = None
    nights: list[str] = field(default_factory=list)
    rescored: list[dt.date] = field(default_factory=list)
    judged: list[dt.date] = field(default_factory=list)
    reason: str = ""
    actor: str = ""


def run(arguments: RollbackArguments) -> RollbackResult:
    """Roll back, or complete what an earlier attempt began.

    The line in the audit log is the point of no return: from which version to which, and which nights are scored again.
    A request is carried out once: the same ``--request``, or the same words by the same actor right after one another.

    Raises:
        ModelMissing: when there is no champion, or none before it. ModelRefused: when the version was never champion,
            or is retired. ChampionChanged: when another version became champion meanwhile.
    """
    use_case = loader.by_name(arguments.use_case)
    changes = champion_record.changes(use_case.name)
    event = carried_out(changes, arguments)
    if event is None:
        # From the same read as ``changes``: ``champion_record.change`` refuses what another run changed after it.
        champion = changes[-1].model_version if changes else champion_record.champion(use_case.name).version
        if arguments.from_version not in (None, champion):
            message = f"version {arguments.from_version} is not champion any more, version {champion} is"
            return RollbackResult(status="none", message=message)
        event = decide(use_case, changes, champion, arguments)
        status = "planned" if arguments.dry_run else "rolled back"
        if not arguments.dry_run and not champion_record.change(event):
            last = champion_record.changes(use_case.name)[-1]
            raise ChampionChanged(
                f"model {use_case.name}: expected version {champion} to be champion still, found version "
                f"{last.model_version}, {last.event} by {last.actor} at {last.happened_at}; look at it, and roll back from there"
            )
    else:
        status = "unchanged"
    rescored: list[dt.date] = []
    verdict_days: list[dt.date] = []
    if not arguments.dry_run and champion_record.changes(use_case.name)[-1] == event:
        champion_record.sync_alias(use_case.name)
        # Also when a second attempt alone asks for it.
        if event.evidence["rescore"] or arguments.rescore:
            rescored, verdict_days = rescoring.rescore(use_case, event, arguments.actor)
            if use_case.deliver and not arguments.no_deliver:
                rescoring.deliver(use_case, arguments.actor)
    log.info(
        "rollback %s: %s: from version %s to %d: %s",
        use_case.name,
        status,
        event.from_version,
        event.model_version,
        event.reason,
    )
    return RollbackResult(
        status="rolled back" if rescored or verdict_days else status,
        from_version=event.from_version,
        to_version=event.model_version,
        window=event.evidence["window"],
        nights=event.evidence["nights"],
        rescored=rescored,
        judged=verdict_days,
        reason=event.reason,
        actor=event.actor,
    )


def carried_out(changes: list[Event], arguments: RollbackArguments) -> Event | None:
    """The line that an earlier attempt at the same rollback has written; None when this is a new one."""
    name = request(arguments)
    # Two rollbacks may have the same reason; right after one another they are the same rollback, tried again.
    candidates = changes if arguments.request else changes[-1:]
    same = [e for e in candidates if e.event == model_events.ROLLED_BACK and e.evidence.get("request") == name]
    return same[-1] if same else None


def request(arguments: RollbackArguments) -> str:
    """The name that two attempts at the same rollback share."""
    target = "" if arguments.to_version is None else f" to {arguments.to_version}"
    return arguments.request or f"{arguments.actor}{target}: {arguments.reason}"


def decide(use_case: UseCase, changes: list[Event], champion: int, arguments: RollbackArguments) -> Event:
    """The line to be written: to which version, and which nights it takes over."""
    target = arguments.to_version
    if target is None:
        champions = champion_history.champions_in_order(changes)
        if len(champions) < 2:
            raise ModelMissing(
                f"model {use_case.name}: expected a champion before version {champion}, found none in ops.model_events; train a "
                "better one, or name one that was champion: --to-version N"
            )
        target = champions[-2]
    if target == champion:
        raise BadArguments(f"--to-version {target}: expected another version than the champion, it is that one")
    former = champion_history.former_champions(changes)
    if target not in former:
        numbers = ", ".join(map(str, sorted(former))) or "none"
        raise ModelRefused(
            f"model {use_case.name} version {target}: expected a version that was champion before, by ops.model_events "
            f"these were: {numbers}; another one becomes champion by the gate"
        )
    model = registry.in_service(recorded_version.version(use_case.name, target))
    # Checks that its file exists and is the registered one: otherwise the next night fails instead of the rollback.
    artifacts.model_bytes(model)
    passed = champion_history.versions_rolled_back(changes, target)
    since = rescoring.days_to_rescore(use_case, passed)
    return Event(
        model_name=use_case.name,
        model_version=target,
        event=model_events.ROLLED_BACK,
        from_version=champion,
        actor=arguments.actor,
        reason=arguments.reason,
        evidence={
            "window": [since[0].isoformat(), since[-1].isoformat()] if since else None,
            "nights": [day.isoformat() for day in since],
            "passed_over": sorted(passed),
            "rescore": arguments.rescore,
            "request": request(arguments),
        },
        run_id=model.run_id,
        happened_at=dt.datetime.now(dt.UTC),
    )
