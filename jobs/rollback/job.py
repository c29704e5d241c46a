"""Rollback: back to the version that was champion before, by the record; on request its scores of the nights since, too."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from jobs.arguments import Arguments
from jobs.rollback import nights, succession
from lakehouse import championship, events, model_files, registry, use_cases
from lakehouse.declaration import UseCase
from lakehouse.errors import BadArguments, ChampionChanged, ModelMissing, ModelRefused
from lakehouse.events import Event

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> dict[str, Any]:
    """Roll back, or complete what an earlier attempt began.

    The line in the diary is the point of no return: it says from which version to which, and which nights are scored again.
    A request is carried out once: the same ``--request``, or the same words by the same actor right after one another.

    Raises:
        ModelMissing: when there is no champion, or none before it. ModelRefused: when the version was never champion,
            or is retired. ChampionChanged: when another version became champion meanwhile.
    """
    assert arguments.use_case is not None
    use_case = use_cases.by_name(arguments.use_case)
    known = championship.changes(use_case.name)
    event = carried_out(known, arguments)
    if event is None:
        # Of the same reading as ``known``: what changes after it is told by ``change``.
        champion = known[-1].model_version if known else championship.champion(use_case.name).version
        if arguments.from_version not in (None, champion):
            message = f"version {arguments.from_version} is not champion any more, version {champion} is"
            return {"status": "none", "message": message}
        event = decide(use_case, known, champion, arguments)
        status = "planned" if arguments.dry_run else "rolled back"
        if not arguments.dry_run and not championship.change(event):
            now = championship.changes(use_case.name)[-1]
            raise ChampionChanged(
                f"model {use_case.name}: expected version {champion} to be champion still, found version "
                f"{now.model_version}, {now.event} by {now.actor} at {now.happened_at}; look at it, and roll back from there"
            )
    else:
        status = "unchanged"
    rescored: list[dt.date] = []
    judged: list[dt.date] = []
    if not arguments.dry_run and championship.changes(use_case.name)[-1] == event:
        championship.settle(use_case.name)
        # Asked for in a second attempt alone, it is done too.
        if event.evidence["rescore"] or arguments.rescore:
            rescored, judged = nights.rescore(use_case, event, arguments)
    log.info(
        "rollback %s: %s: from version %s to %d: %s",
        use_case.name,
        status,
        event.from_version,
        event.model_version,
        event.reason,
    )
    return {
        "status": "rolled back" if rescored or judged else status,
        "from_version": event.from_version,
        "to_version": event.model_version,
        "window": event.evidence["window"],
        "nights": event.evidence["nights"],
        "rescored": rescored,
        "judged": judged,
        "reason": event.reason,
        "actor": event.actor,
    }


def carried_out(known: list[Event], arguments: Arguments) -> Event | None:
    """The line that an earlier attempt at the same rollback has written; None when this is a new one."""
    mine = request(arguments)
    # Words alone can be said twice; right after one another they are the same rollback, tried again.
    candidates = known if arguments.request else known[-1:]
    same = [e for e in candidates if e.event == events.ROLLED_BACK and e.evidence.get("request") == mine]
    return same[-1] if same else None


def request(arguments: Arguments) -> str:
    """What makes two attempts the same rollback."""
    asked = "" if arguments.to_version is None else f" to {arguments.to_version}"
    return arguments.request or f"{arguments.actor}{asked}: {arguments.reason}"


def decide(use_case: UseCase, known: list[Event], champion: int, arguments: Arguments) -> Event:
    """The line to be written: to which version, and which nights it takes over."""
    target = arguments.to_version
    if target is None:
        succession_line = succession.line(known)
        if len(succession_line) < 2:
            raise ModelMissing(
                f"model {use_case.name}: expected a champion before version {champion}, found none in ops.model_events; train a "
                "better one, or name one that was champion: --to-version N"
            )
        target = succession_line[-2]
    if target == champion:
        raise BadArguments(f"--to-version {target}: expected another version than the champion, it is that one")
    if target not in succession.ever(known):
        were = ", ".join(map(str, sorted(succession.ever(known)))) or "none"
        raise ModelRefused(
            f"model {use_case.name} version {target}: expected a version that was champion before, by ops.model_events "
            f"these were: {were}; another one becomes champion by the gate"
        )
    model = registry.in_service(registry.version(use_case.name, target))
    # Its file is there and is what was registered: otherwise the night would fail, and not this.
    model_files.local_copy(model, model_files.MODEL)
    passed = succession.passed_over(known, target)
    since = nights.of(use_case, passed)
    return Event(
        model_name=use_case.name,
        model_version=target,
        event=events.ROLLED_BACK,
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
