"""Nights of made-up worlds, by monitoring's own functions in memory: what the tables would have for a drift page."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.monitor import drift, estimates, performance
from jobs.monitor.scored_rows import ScoredRows
from jobs.report.night import Links, Night
from jobs.report.window_counts import Counted
from lakehouse.declaration import UseCase
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.models.registry import ModelVersion
from lakehouse.ops.model_events import Event
from tests.bench import alarm_nights, alarm_worlds, estimates_quiet
from tests.bench.alarm_nights import Stage
from tests.bench.alarm_worlds import Change, World

HOSTILE = "<script>alert('x')</script>"
NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)


def of_world(
    change: Change | None,
    alarms: str = "measured",
    watched: int = 9,
    since: int = 6,
    rows: int = 150,
    seed: int = 1,
    estimate: str | None = None,
    events: tuple[KnownEvent, ...] = (),
) -> Night:
    """The last of so many watched nights of a world in which something happens ``since`` one of them; its texts are hostile."""
    use_case = alarm_worlds.declared(
        alarms=alarms, max_calibration_gap=0.2, max_loss_rise=0.2, max_prediction_psi=0.25, max_drifted_share=0.15,
        estimate=estimate, known_events=events,
    )  # fmt: skip
    use_case = use_case.model_copy(
        update={
            "title": f"A {HOSTILE} title",
            "features": tuple(
                one.model_copy(update={"description": f"of {one.name} {HOSTILE}"}) for one in use_case.features
            ),
        }
    )
    world = World(rows, season=True, seed=seed, change=change, since=since)
    stage = alarm_worlds.stage(world, watched)
    learned, scored, seen = map(_hostile, (stage.learned, stage.scored, stage.watched))
    return of_stage(use_case, replace(stage, learned=learned, scored=scored, watched=seen))


def of_stage(use_case: UseCase, stage: Stage) -> Night:
    """The last watched night of a stage."""
    profile = alarm_nights.profile_of(use_case, stage.learned, stage.scored, stage.scored_score, stage.threshold)
    evidence = alarm_nights.evidence_of(use_case, profile, stage.watched, stage.watched_score, stage.threshold)
    estimated: list[dict[str, Any]] = []
    if use_case.drift.estimate is not None:
        evidence = estimates_quiet.estimated(evidence, profile, stage)
        made = evidence.profile.estimator
        assert made is not None
        estimated = [line for one in _scored(stage) for line in estimates.of_rows(one, made) if line["slice"] == "all"]
    drawn: list[dict[str, Any]] = []
    for day in stage.days:
        checks = drift.checks_of_day(day, use_case, evidence)
        drawn += drift.rows(day, 1, checks, drift.verdict_of(checks, use_case, evidence))
    day = stage.days[-1]
    lines = [line for one in _scored(stage) for line in performance.of_rows(one, "classification")]
    last = day - dt.timedelta(days=use_case.maturity_days)
    window = use_case.calendar.scores.newest(day, use_case.drift.window_days)
    return Night(
        use_case=use_case,
        day=day,
        days=stage.days,
        rows=drawn,
        model=ModelVersion(use_case.name, 1, "r", {"trained_for": "2024-04-30"}),
        profile=profile,
        counted=Counted(
            {name: _of(by_day, window) for name, by_day in evidence.features.items()},
            _of(evidence.scores, window),
            {name: _of(by_day, window) for name, by_day in evidence.seen.sliced.items()},
            {on: counts for on, counts in evidence.seen.labels.items() if on <= last},
        ),
        performance=[line for line in lines if line["partition"] <= last],
        estimates=estimated,
        events=[promoted(use_case)],
        decision=("asked for no retraining", "0 of the last 5 days violated"),
        links=Links(
            model="http://127.0.0.1:5000/#/models/world/versions/1", all="http://127.0.0.1:5000/#/experiments/1"
        ),
    )


def promoted(use_case: UseCase, version: int = 1) -> Event:
    """Made champion by somebody whose name is hostile."""
    return Event(use_case.name, version, "promoted", None, HOSTILE, "better", {}, "r", NOON)


def _of(by_day: Any, days: list[dt.date]) -> dict[dt.date, Any]:
    return {day: by_day[day] for day in days if day in by_day}


def _hostile(rows: TrainingSet) -> TrainingSet:
    regions = {"region": np.where(rows.slices["region"] == "south", f"south {HOSTILE}", rows.slices["region"])}
    levels = {"kind": tuple(f"{level} {HOSTILE}" for level in rows.levels["kind"])}
    return replace(rows, slices={name: its.astype(np.str_) for name, its in regions.items()}, levels=levels)


def _scored(stage: Stage) -> list[ScoredRows]:
    found, rows = [], stage.watched
    for day in np.array(stage.days, dtype="datetime64[D]"):
        its = rows.days == day
        texts = {name: SliceTexts.of(pa.chunked_array([pa.array(of[its])])) for name, of in rows.slices.items()}
        score, on = stage.watched_score[its], day.astype(dt.date)
        decided = (score >= stage.threshold).astype(np.int64)
        found.append(ScoredRows(on, "champion", 1, score, decided, rows.label[its], texts))
    return found
