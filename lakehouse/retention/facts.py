"""What is known of a use case's days and versions: what `lakehouse.retention.needs` decides from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse import tables
from lakehouse.declaration import Retirement, UseCase, retention_file
from lakehouse.errors import ModelMissing, ServiceUnavailable
from lakehouse.models import artifacts, champion_record, registry, versions_in_use
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import exports, pending_verdicts
from lakehouse.storage import delta_log

# A training's record has the first and the last day of each of its windows.
RECORD = "training/record.json"
# Where no retirement is declared: a version that one of so many newest days was scored by is in use.
SCORES_DAYS = 30


@dataclass(frozen=True)
class Trained:
    """The days that a live version was trained and measured on; ``why`` it is live."""

    version: int
    first: dt.date
    last: dt.date
    why: str


@dataclass(frozen=True)
class Facts:
    """Of a use case.

    Attributes:
        use_case: its declaration.
        newest: its newest day of features or scores; None where nothing is built.
        live: its live versions; None where the registry does not answer.
        pending: days whose verdict a restatement has yet to give.
        sending: days whose delivery to a target is not complete.
    """

    use_case: UseCase
    newest: dt.date | None
    live: tuple[Trained, ...] | None
    pending: tuple[dt.date, ...] = ()
    sending: tuple[dt.date, ...] = ()


def gather(use_case: UseCase, now: dt.datetime) -> Facts:
    """Of the tables and the registry as they are."""
    built = [*delta_log.rows_by_day(tables.features(use_case)), *delta_log.rows_by_day(tables.scores(use_case))]
    lines = exports.of_use_case(use_case.name, [target.name for target in use_case.deliver]) if use_case.deliver else []
    return Facts(
        use_case=use_case,
        newest=max((day for day in built if day <= now.date()), default=None),
        live=_live(use_case, now),
        pending=tuple(pending_verdicts.pending(use_case.name)),
        sending=tuple(sorted({line.partition for line in lines if line.state == exports.SENDING})),
    )


def _live(use_case: UseCase, now: dt.datetime) -> tuple[Trained, ...] | None:
    declared = use_case.rollout.retirement or retention_file.load().layers.retirement
    rules = declared or Retirement(scores_days=SCORES_DAYS)
    try:
        in_use = versions_in_use.versions_in_use(use_case, rules, now)
        if changes := champion_record.changes(use_case.name):
            before = changes[-1].from_version
            if before is not None:
                in_use.setdefault(before, "the former champion, which a rollback makes champion again")
        known = {model.version: model for model in registry.versions(use_case.name)}
        return tuple(
            _trained(use_case, known[number], why) for number, why in sorted(in_use.items()) if number in known
        )
    except ServiceUnavailable:
        return None


def _trained(use_case: UseCase, model: ModelVersion, why: str) -> Trained:
    windows = _windows(model)
    if windows:
        days = [dt.date.fromisoformat(day) for window in windows.values() for day in window]
        return Trained(model.version, min(days), max(days), why)
    # Of a version without a record by what is declared now, and never less than its tags say.
    day = model.trained_for or model.trained_through
    first = day - dt.timedelta(days=use_case.split.train.first)
    last = [day, model.trained_through]
    if registry.TAG_HOLDOUT_LAST in model.tags:
        last.append(model.holdout_last)
    return Trained(model.version, first, max(last), why)


def _windows(model: ModelVersion) -> Mapping[str, tuple[str, str]]:
    try:
        content = json.loads(artifacts.local_copy(model, RECORD).read_text())
    except (ModelMissing, OSError, ValueError):
        return {}
    windows: Mapping[str, tuple[str, str]] = content.get("windows", {})
    return windows
