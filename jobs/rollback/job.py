"""Rollback: back to the version that was champion before, by the record; on request its scores of the nights since, too."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field

from jobs.result import Result
from jobs.rollback import champion_history, rescoring
from jobs.rollback.arguments import RollbackArguments
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import BadArguments, ChampionChanged, ModelMissing, ModelRefused
from lakehouse.models import artifacts, champion_record, registry
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
        judged: the days whose verdict was given again.
        reason: why.
        actor: who asked.
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

    The line in the diary is the point of no return: it says from which version to which, and which nights are scored again.
    A request is carried out once: the same ``--request``, or the same words by the same actor right after one another.

    Raises:
        ModelMissing: when there is no champion, or none before it. ModelRefused: when the version was never champion,
            or is retired. ChampionChanged: when another version became champion meanwhile.
    """
    use_case = loader.by_name(arguments.use_case)
    known = champion_record.changes(use_case.name)
    event = carried_out(known, arguments)
    if event is None:
        # Of the same reading as ``known``: what changes after it is told by ``change``.
        champion = known[-1].model_version if known else champion_record.champion(use_case.name).version
        if arguments.from_version not in (None, champion):
            message = f"version {arguments.from_version} is not champion any more, version {champion} is"
            return RollbackResult(status="none", message=message)
        event = decide(use_case, known, champion, arguments)
        status = "planned" if arguments.dry_run else "rolled back"
        if not arguments.dry_run and not champion_record.change(event):
            now = champion_record.changes(use_case.name)[-1]
            raise ChampionChanged(
                f"model {use_case.name}: expected version {champion} to be champion still, found version "
                f"{now.model_version}, {now.event} by {now.actor} at {now.happened_at}; look at it, and roll back from there"
            )
    else:
        status = "unchanged"
    rescored: list[dt.date] = []
    judged: list[dt.date] = []
    if not arguments.dry_run and champion_record.changes(use_case.name)[-1] == event:
        champion_record.sync_alias(use_case.name)
        # Asked for in a second attempt alone, it is done too.
        if event.evidence["rescore"] or arguments.rescore:
            rescored, judged = rescoring.rescore(use_case, event, arguments.actor)
    log.info(
        "rollback %s: %s: from version %s to %d: %s",
        use_case.name,
        status,
        event.from_version,
        event.model_version,
        event.reason,
    )
    return RollbackResult(
        status="rolled back" if rescored or judged else status,
        from_version=event.from_version,
        to_version=event.model_version,
        window=event.evidence["window"],
        nights=event.evidence["nights"],
        rescored=rescored,
        judged=judged,
        reason=event.reason,
        actor=event.actor,
    )


def carried_out(known: list[Event], arguments: RollbackArguments) -> Event | None:
    """The line that an earlier attempt at the same rollback has written; None when this is a new one."""
    mine = request(arguments)
    # Words alone can be said twice; right after one another they are the same rollback, tried again.
    candidates = known if arguments.request else known[-1:]
    same = [e for e in candidates if e.event == model_events.ROLLED_BACK and e.evidence.get("request") == mine]
    return same[-1] if same else None


def request(arguments: RollbackArguments) -> str:
    """What makes two attempts the same rollback."""
    asked = "" if arguments.to_version is None else f" to {arguments.to_version}"
    return arguments.request or f"{arguments.actor}{asked}: {arguments.reason}"


def decide(use_case: UseCase, known: list[Event], champion: int, arguments: RollbackArguments) -> Event:
    """The line to be written: to which version, and which nights it takes over."""
    target = arguments.to_version
    if target is None:
        succession_line = champion_history.champions_in_order(known)
        if len(succession_line) < 2:
            raise ModelMissing(
                f"model {use_case.name}: expected a champion before version {champion}, found none in ops.model_events; train a "
                "better one, or name one that was champion: --to-version N"
            )
        target = succession_line[-2]
    if target == champion:
        raise BadArguments(f"--to-version {target}: expected another version than the champion, it is that one")
    if target not in champion_history.former_champions(known):
        were = ", ".join(map(str, sorted(champion_history.former_champions(known)))) or "none"
        raise ModelRefused(
            f"model {use_case.name} version {target}: expected a version that was champion before, by ops.model_events "
            f"these were: {were}; another one becomes champion by the gate"
        )
    model = registry.in_service(registry.version(use_case.name, target))
    # Its file is there and is what was registered: otherwise the night would fail, and not this.
    artifacts.local_copy(model, artifacts.MODEL)
    passed = champion_history.versions_rolled_back(known, target)
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
