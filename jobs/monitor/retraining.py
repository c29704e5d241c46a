"""Requesting a retraining: whether the verdicts ask for it, and its line in the audit log."""

from __future__ import annotations

import datetime as dt

from jobs.monitor import drift, verdict
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, registry
from lakehouse.ops import model_events
from lakehouse.storage import partition_rows


def decide(use_case: UseCase, day: dt.date, version: int) -> verdict.RetrainingDecision:
    """Whether the verdicts up to ``day``, all against the version that scored it, ask for retraining."""
    past = partition_rows.read(tables.drift(use_case), drift.trailing(day, use_case.drift.of_days))
    verdicts = [row for row in past if row["kind"] == "verdict" and row["model_version"] == version]
    trained = {
        model.version: model.trained_for for model in registry.versions(use_case.name) if model.trained_for is not None
    }
    champion = champion_record.current(use_case.name)
    champion_trained = None if champion is None else trained.get(champion.version)
    violated = {row["partition"]: row["violated"] for row in verdicts}
    trainings = [*trained.values(), *requested(use_case)]
    return verdict.retraining(day, violated, use_case.drift, champion_trained, trainings)


def requested(use_case: UseCase) -> set[dt.date]:
    """The days that a training was requested for, whether it has ended or still waits its turn, as in a backfill."""
    events = model_events.of_model(use_case.name)
    return {dt.date.fromisoformat(one.evidence["partition"]) for one in events if one.event == model_events.REQUESTED}


def request(
    use_case: UseCase, day: dt.date, version: int, because: list[str], decision: verdict.RetrainingDecision, actor: str
) -> None:
    """Record in the audit log that a training is requested, once a day."""
    if day in requested(use_case):
        return
    model = registry.version(use_case.name, version)
    model_events.record(
        model_events.Event(
            model_name=use_case.name,
            model_version=version,
            event=model_events.REQUESTED,
            from_version=version,
            actor=actor,
            reason="; ".join([*decision.reasons, *because]),
            evidence={"partition": day.isoformat()},
            run_id=model.run_id,
            happened_at=dt.datetime.now(dt.UTC),
        )
    )
