"""Retire: versions that nobody needs any more are tagged and recorded, and later their files are removed."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field

from jobs.result import Result
from jobs.retire import files
from jobs.retire.arguments import RetireArguments
from lakehouse.declaration import Retirement, UseCase, loader, retention_file
from lakehouse.models import champion_record, registry, versions_in_use
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import model_events
from lakehouse.ops.model_events import Event
from lakehouse.retention.subjects import ARTIFACTS

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RetireResult(Result):
    """The versions that were retired, those whose files were removed, and why each of the others is kept."""

    retired: list[int] = field(default_factory=list)
    files_removed: list[int] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def run(arguments: RetireArguments) -> RetireResult:
    """Remove the files of versions that were retired long enough ago, then retire those that are in use no longer."""
    use_case = loader.by_name(arguments.use_case)
    rules = use_case.rollout.retirement or retention_file.load().layers.retirement
    if rules is None:
        return RetireResult(status="none", message=f"{use_case.name} declares no rollout.retirement")
    now = dt.datetime.now(dt.UTC)
    versions, kept = registry.versions(use_case.name), versions_in_use.versions_in_use(use_case, rules, now)
    free = [model for model in versions if model.version not in kept]
    old = [model for model in free if _long_ago(model, rules, now)]
    if held := _hold(use_case, now.date()):
        kept |= {model.version: held for model in old}
        old = []
    new = [model for model in free if not _is_recorded(model)]
    if not arguments.dry_run:
        old = [model for model in old if _remove_files(use_case, model, rules)]
        new = [model for model in new if _retire(use_case, model, rules, arguments.actor)]
    done = "planned" if arguments.dry_run else "retired"
    return RetireResult(
        status=done if old or new else "unchanged",
        retired=[model.version for model in new],
        files_removed=[model.version for model in old],
        kept={str(version): reason for version, reason in sorted(kept.items())},
    )


def _hold(use_case: UseCase, today: dt.date) -> str:
    """Why the files of the use case's models stay whatever is declared; empty where nobody holds them."""
    held = (
        hold for hold in retention_file.load().holds if hold.what in (use_case.name, ARTIFACTS) and hold.holds(today)
    )
    return next((f"hold: {hold.reason}" for hold in held), "")


def _long_ago(model: ModelVersion, rules: Retirement, now: dt.datetime) -> bool:
    if model.retired_at is None or model.files_removed_at is not None or not _is_recorded(model):
        return False
    return model.retired_at + dt.timedelta(days=rules.files_days) <= now


def _is_recorded(model: ModelVersion) -> bool:
    """Whether the audit log has the retirement at the instant of the tag."""
    past = model_events.of_model(model.name, model.version)
    return any(event.event == model_events.RETIRED and event.happened_at == model.retired_at for event in past)


def _retire(use_case: UseCase, model: ModelVersion, rules: Retirement, actor: str) -> bool:
    """Tag the version, check again that it is not in use, and record the retirement. From the tag on no job scores with it.

    The tag comes before the check: a job that takes the version into use meanwhile either sees the tag, or is seen here.
    """
    # A tag without its line is an attempt that was killed: the line gets its instant.
    at = model.retired_at or dt.datetime.now(dt.UTC)
    registry.tag(model, registry.TAG_RETIRED, at.isoformat())
    if reason := versions_in_use.versions_in_use(use_case, rules, dt.datetime.now(dt.UTC)).get(model.version):
        log.info("retire %s: version %d came into use meanwhile: %s", model.name, model.version, reason)
        registry.untag(model, registry.TAG_RETIRED)
        return False
    model_events.record(
        Event(
            model_name=model.name,
            model_version=model.version,
            event=model_events.RETIRED,
            from_version=champion_record.number(use_case.name),
            actor=actor,
            reason=f"neither champion, challenger nor in shadow, and named by no score of the last {rules.scores_days} days",
            evidence={"scores_days": rules.scores_days, "files_days": rules.files_days},
            run_id=model.run_id,
            happened_at=at,
        )
    )
    return True


def _remove_files(use_case: UseCase, model: ModelVersion, rules: Retirement) -> bool:
    """Remove the version's files, unless it came into use again."""
    reason = versions_in_use.versions_in_use(use_case, rules, dt.datetime.now(dt.UTC)).get(model.version)
    if reason is None:
        files.remove(model)
        registry.tag(model, registry.TAG_FILES_REMOVED, dt.datetime.now(dt.UTC).isoformat())
        return True
    log.info("retire %s: version %d keeps its files: %s", model.name, model.version, reason)
    return False
