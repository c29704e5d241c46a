"""Requesting a retraining: whether the verdicts ask for it, and its line in the audit log."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from jobs.monitor import verdict
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import champion_record, registry
from lakehouse.ops import model_events, retrainings
from lakehouse.storage import partition_rows


@dataclass(frozen=True)
class Trainings:
    """The days that trainings were made for, and those that one was asked for and has made no version (yet).

    Attributes:
        made: by version.
        running: the requests that may still be answered, in words.
        lost: the requests that came to nothing, in words.
    """

    made: dict[int, dt.date]
    running: dict[dt.date, str]
    lost: dict[dt.date, str]


def decide(
    use_case: UseCase, day: dt.date, version: int, now: dt.datetime, newest: bool = True
) -> verdict.RetrainingDecision:
    """Whether the verdicts up to ``day``, all against the version that scored it, ask for retraining.

    Args:
        use_case: whose verdicts.
        day: the day of the last of them.
        version: the champion that scored it.
        now: for how long a training that was asked for has had time.
        newest: whether no later day is scored. A request that came to nothing is made again by the newest day alone: else each
            repetition of an old day would.
    """
    recent = use_case.calendar.scores.newest(day, use_case.drift.of_days)
    past = partition_rows.read(tables.drift(use_case), recent)
    verdicts = [row for row in past if row["kind"] == "verdict" and row["model_version"] == version]
    known = trainings(use_case, now)
    champion = champion_record.number(use_case.name)
    champion_trained = None if champion is None else known.made.get(champion)
    violated = {row["partition"]: row["violated"] for row in verdicts}
    lost = known.lost if newest else {}
    made = [*known.made.values(), *(() if newest else known.lost)]
    return verdict.retraining(day, violated, use_case.drift, champion_trained, made, known.running, lost, recent)


def trainings(use_case: UseCase, now: dt.datetime) -> Trainings:
    """By the registry and the audit log: a version that was trained for its day answers a request."""
    # Also of versions that the registry has lost.
    made = {
        event.model_version: dt.date.fromisoformat(day)
        for event in model_events.of_model(use_case.name)
        if event.event == model_events.REGISTERED and (day := event.evidence.get(registry.TAG_TRAINED_FOR))
    }
    made |= {
        model.version: model.trained_for for model in registry.versions(use_case.name) if model.trained_for is not None
    }
    running: dict[dt.date, str] = {}
    lost: dict[dt.date, str] = {}
    for day, asked in retrainings.requests(use_case.name).items():
        if day in made.values():
            continue
        if (loss := asked.loss(now)) is not None:
            lost[day] = loss
        else:
            until = f"{asked.runs_until.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
            running[day] = f"was asked for and may be running until {until}"
    return Trainings(made, running, lost)


def request(
    use_case: UseCase, day: dt.date, version: int, because: list[str], decision: verdict.RetrainingDecision, actor: str
) -> None:
    """Record in the audit log that a training is requested, once a day."""
    if day in retrainings.requests(use_case.name):
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
