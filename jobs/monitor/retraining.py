"""Requesting a retraining: what the triggers are asked with, and the line in the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from jobs.monitor import performance, triggers, verdict
from jobs.monitor.alarms import repairs
from jobs.monitor.alarms.passing import passing
from jobs.monitor.triggers import RetrainingDecision
from lakehouse import tables
from lakehouse.declaration import Drift, UseCase
from lakehouse.models import champion_record, registry
from lakehouse.ops import model_events, retrainings
from lakehouse.storage import partition_rows

# The kind of the drift table's row that has a day's verdict.
VERDICT = "verdict"


@dataclass(frozen=True)
class Trainings:
    """The days that trainings were made for, and those that one was asked for and has made no version (yet).

    Attributes:
        made: by version.
        running: the requests that may still be answered, in words.
        lost: the requests that came to nothing, in words.
        of_champion: the day that the present champion was trained for; None where it is not known.
    """

    made: dict[int, dt.date]
    running: dict[dt.date, str]
    lost: dict[dt.date, str]
    of_champion: dt.date | None = None


def decide(use_case: UseCase, day: dt.date, version: int, known: Trainings, newest: bool = True) -> RetrainingDecision:
    """Whether a declared trigger asks on ``day`` for retraining: verdicts against the version that scored it, schedule, labels.

    Args:
        use_case: whose verdicts.
        day: the day of the last of them.
        version: the champion that scored it.
        known: of the use case.
        newest: whether no later day is scored. A request that came to nothing is made again by the newest day alone: else each
            repetition of an old day would.
    """
    recent = use_case.calendar.scores.newest(day, use_case.drift.of_days)
    past = partition_rows.read(tables.drift(use_case), recent)
    lost = known.lost if newest else {}
    made = [*known.made.values(), *(() if newest else known.lost)]
    its = [row for row in past if row["model_version"] == version]
    return triggers.decide(
        day,
        use_case.retrain,
        use_case.drift,
        triggers.Known(
            violated=violated_by(its, use_case.drift),
            champion_trained_for=known.of_champion,
            trained_for=made,
            running=known.running,
            lost=lost,
            recent=recent,
            new_labels=new_labels(use_case, day, made),
            passing=passing([row for row in its if row["partition"] == day and counts(row, use_case)]),
        ),
    )


def violated_by(rows: Iterable[Mapping[str, Any]], limits: Drift) -> dict[dt.date, frozenset[str]]:
    """What asks for a training on each day, by rows of the drift table: matured labels' performance, all else (drift), or both.

    Whether it is violated is what its verdict says; nothing of a day that deliveries alone violate (`jobs.monitor.alarms.repairs`).
    """
    by_day: dict[dt.date, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(row["partition"], []).append(row)
    return {day: _kinds(of_day, limits) for day, of_day in by_day.items()}


def counts(row: Mapping[str, Any], use_case: UseCase) -> bool:
    """Whether what the row found may ask for a training, by the declared triggers."""
    kind = triggers.PERFORMANCE if row["kind"] == triggers.PERFORMANCE else triggers.DRIFT
    return kind in use_case.retrain.triggers


def _kinds(rows: Iterable[Mapping[str, Any]], limits: Drift) -> frozenset[str]:
    rows = list(rows)
    given = [row for row in rows if row["kind"] == VERDICT]
    if not any(row["violated"] for row in given) or repairs.alone(rows):
        return frozenset()
    by_performance = any(row["violated"] for row in rows if row["kind"] == triggers.PERFORMANCE)
    others = [row for row in rows if row["kind"] not in (VERDICT, triggers.PERFORMANCE) and not repairs.is_one(row)]
    found = {triggers.PERFORMANCE: by_performance, triggers.DRIFT: _by_drift(others, limits, by_performance)}
    return frozenset(kind for kind, is_violated in found.items() if is_violated)


def _by_drift(others: Sequence[Mapping[str, Any]], limits: Drift, by_performance: bool) -> bool:
    """Whether a violated day is so by what is measured of features and scores."""
    if measured := [row for row in others if row.get("chance") is not None]:
        return any(row["violated"] for row in measured)
    names = [field.name for field in fields(verdict.DriftCheck)]
    checks = [verdict.DriftCheck(**{name: row[name] for name in names}) for row in others]
    # Without labels a day that has a verdict at all was violated by it.
    return verdict.day_verdict(checks, limits).violated or not by_performance


def new_labels(use_case: UseCase, day: dt.date, made: Iterable[dt.date]) -> int | None:
    """The labelled rows of the champion's scores that are known on ``day`` and were not on that of the training before it."""
    before = [trained for trained in made if trained < day]
    if use_case.retrain.new_labels is None or not before:
        return None
    maturity, one = dt.timedelta(days=use_case.maturity_days), dt.timedelta(days=1)
    days = use_case.calendar.scores.between(max(before) - maturity + one, day - maturity)
    whole = {"role": registry.CHAMPION, "slice": performance.ALL}
    rows: dict[dt.date, int] = {}
    for row in partition_rows.read(tables.performance(use_case), days) if days else []:
        if whole.items() <= row.items():
            rows[row["partition"]] = max(row["labelled_rows"], rows.get(row["partition"], 0))
    return sum(rows.values())


def trainings(use_case: UseCase, now: dt.datetime) -> Trainings:
    """By the registry and the audit log: a version that was trained for its day answers a request.

    ``now``: for how long a training that was asked for has had time.
    """
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
    champion = champion_record.number(use_case.name)
    return Trainings(made, running, lost, None if champion is None else made.get(champion))


def request(
    use_case: UseCase, day: dt.date, version: int, because: list[str], decision: RetrainingDecision, actor: str
) -> None:
    """Record in the audit log that a training is requested, once a day."""
    run_id = registry.version(use_case.name, version).run_id
    reason = "; ".join([*decision.reasons, *because])
    retrainings.record(use_case.name, day, version, run_id, actor, reason, decision.triggers)
