"""The nights of a world by monitoring's own functions, in this process: profile, counts, findings, verdict, trigger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.calibrate import alarm_seen
from jobs.monitor import counts, drift, new_categories, performance, verdict
from jobs.monitor.alarms import checks, repairs
from jobs.monitor.alarms.passing import passing
from jobs.monitor.drift import Evidence
from jobs.monitor.scored_rows import ScoredRows
from jobs.monitor.verdict import DriftCheck
from jobs.train import training_history
from jobs.train.quality_history import Scored
from lakehouse.declaration import UseCase
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.drift_profile import PARTITION, SCORE, Profile
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.models import registry

VERSION = 1
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Night:
    """What somebody's monitoring said of a day.

    Attributes:
        day: which.
        violated: whether the day is called out of order.
        retrain: whether the trigger asks for a retraining.
        checks: of the platform's own monitoring.
    """

    day: dt.date
    violated: bool
    retrain: bool
    checks: list[DriftCheck] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """The days of a world: those learned from, those judged on, and those watched with a window before them.

    Attributes:
        learned, scored, watched: their rows, with a label or without; the latter two with the model's scores.
        days: the watched days that have rows, in order.
        threshold: of decisions.
        known: events that a use case declares before they come.
        storms: events that nobody can declare before they come.
    """

    learned: TrainingSet
    scored: TrainingSet
    scored_score: Floats
    watched: TrainingSet
    watched_score: Floats
    days: list[dt.date]
    threshold: float = 0.5
    known: tuple[KnownEvent, ...] = ()
    storms: tuple[KnownEvent, ...] = ()

    def compared_with_labelled(self) -> Stage:
        """The same nights, with a profile of the labelled rows alone: what they would say if it left the others out."""
        known = ~np.isnan(self.scored.label)
        scored, score = self.scored.where(known), self.scored_score[known]
        return replace(self, learned=self.learned.labelled(), scored=scored, scored_score=score)

    def evidence(self, use_case: UseCase) -> Evidence:
        """What the platform knows of the watched days."""
        profile = profile_of(use_case, self.learned, self.scored, self.scored_score, self.threshold)
        return evidence_of(use_case, profile, self.watched, self.watched_score, self.threshold)

    def nights(self, use_case: UseCase, since: int | None = None) -> list[Night]:
        """What the platform says of each watched day; with ``since`` up to the day after the first violated one from there on."""
        return nights(use_case, self.evidence(use_case), self.days, self.days[0], since)


def profile_of(
    use_case: UseCase, learned: TrainingSet, scored: TrainingSet, score: Floats, threshold: float = 0.5
) -> Profile:
    """The profile as training makes it, by the same functions."""
    prediction, known = pd.DataFrame({PARTITION: _dates(scored), SCORE: score}), ~np.isnan(scored.label)
    of_label = np.where(scored.label > 0, score, 1 - score)[known]
    metrics = {"log_loss": float(np.mean(-np.log(of_label)))}
    frame = coded_rows.frame(learned)
    frame.insert(0, PARTITION, _dates(learned))
    rhythm = use_case.calendar.scores
    profile = Profile.of(frame, prediction, metrics, use_case.drift, rhythm, threshold=threshold)
    parts, others = (Scored(scored.where(kept), score[kept], None, binary=True) for kept in (known, ~known))
    history = training_history.measure(profile, [learned], [parts], rhythm, threshold, [] if known.all() else [others])
    return replace(profile, history=history)


def evidence_of(
    use_case: UseCase, profile: Profile, rows: TrainingSet, score: Floats, threshold: float = 0.5
) -> Evidence:
    """What the night's jobs count of these days, from the rows in memory."""
    table = coded_rows.arrow(rows)
    by_day: dict[dt.date, tuple[TrainingSet, pa.Table]] = {}
    scores, scored, lines = {}, list[ScoredRows](), list[dict[str, Any]]()
    days, bounds = np.unique(rows.days, return_index=True)
    for at, (first, last) in enumerate(zip(bounds.tolist(), [*bounds[1:].tolist(), len(rows)], strict=True)):
        day, part = days[at].astype(dt.date), slice(first, last)
        its = {name: values[part] for name, values in rows.slices.items()}
        of_day = TrainingSet(rows.names, rows.features[part], rows.label[part], rows.days[part], its, rows.levels)
        by_day[day] = of_day, table.slice(first, last - first)
        scores[day] = counts.by_bin(score[part], profile.prediction)
        texts = {name: SliceTexts.of(pa.chunked_array([pa.array(values)])) for name, values in its.items()}
        decided = (score[part] >= threshold).astype(np.int64)
        scored.append(ScoredRows(day, registry.CHAMPION, VERSION, score[part], decided, of_day.label, texts))
        if not use_case.drift.measured:
            lines += performance.of_rows(replace(scored[-1], slices={}), use_case.model.task)
    counted = {day: counts.of_columns(its, profile.features) for day, (_, its) in by_day.items()}
    new = {day: new_categories.of_rows(its, profile.features) for day, (_, its) in by_day.items()}
    return Evidence(
        VERSION,
        profile,
        {name: {day: its[name] for day, its in counted.items()} for name in profile.features},
        scores,
        performance.by_day(lines, registry.CHAMPION, VERSION, use_case.model.task),
        {name: {day: its[name] for day, its in new.items()} for name in use_case.category_names},
        reference=checks.reference_of(profile, ()),
        seen=alarm_seen.of_rows(use_case, profile, by_day, scored, VERSION),
    )


def nights(
    use_case: UseCase, evidence: Evidence, days: list[dt.date], trained_for: dt.date, since: int | None = None
) -> list[Night]:
    """Each day's verdict, and whether it asks for a retraining; the days are in order."""
    verdicts, found = dict[dt.date, bool](), list[list[DriftCheck]]()
    for number, day in enumerate(days):
        if since is not None and any(list(verdicts.values())[since : number - 1]):
            break
        found.append(drift.checks_of_day(day, use_case, evidence))
        verdicts[day] = drift.verdict_of(found[-1], use_case, evidence).violated
    return judged(use_case, verdicts, found, trained_for)


def with_events(use_case: UseCase, evidence: Evidence, stage: Stage) -> tuple[list[Night], int]:
    """The same where what happens is declared: holidays before they come, a storm on the morning after a verdict that has it.

    That verdict stands, since somebody was called for it. So many of the verdicts are such ones.
    """
    verdicts, found, declared, called = dict[dt.date, bool](), list[list[DriftCheck]](), list(stage.known), 0
    for day in stage.days:
        limits = use_case.drift.model_copy(update={"known_events": tuple(declared)})
        now = use_case.model_copy(update={"drift": limits})
        found.append(drift.checks_of_day(day, now, evidence))
        verdicts[day] = drift.verdict_of(found[-1], now, evidence).violated
        if verdicts[day]:
            window = now.calendar.scores.newest(day, limits.window_days + now.maturity_days)
            new = [one for one in stage.storms if one not in declared and any(map(one.includes, window))]
            declared, called = declared + new, called + bool(new)
    return judged(use_case, verdicts, found, stage.days[0]), called


def judged(
    use_case: UseCase, verdicts: dict[dt.date, bool], found: list[list[DriftCheck]], trained_for: dt.date
) -> list[Night]:
    """The nights with these verdicts and findings, in order, and whether each asks for a retraining as the platform decides it."""
    of_day = dict(zip(verdicts, found, strict=True))
    asking = {day: bad and not repairs.alone(map(vars, of_day[day])) for day, bad in verdicts.items()}
    passes = {day: passing(map(vars, its)) for day, its in of_day.items()}
    return [
        replace(night, violated=verdicts[night.day], checks=of_day[night.day])
        for night in triggered(use_case, asking, trained_for, passes)
    ]


def triggered(
    use_case: UseCase, verdicts: dict[dt.date, bool], trained_for: dt.date, passes: dict[dt.date, str] | None = None
) -> list[Night]:
    """The platform's trigger on somebody's verdicts."""
    nights, limits = list[Night](), use_case.drift
    for day, violated in verdicts.items():
        known = {past: bad for past, bad in verdicts.items() if past <= day}
        recent = use_case.calendar.scores.newest(day, limits.of_days)
        why_not = (passes or {}).get(day, "")
        asked = verdict.retraining(
            day, known, limits, trained_for, [trained_for], recent=recent, passing=why_not
        ).retrain
        nights.append(Night(day, violated, asked))
    return nights


def _dates(rows: TrainingSet) -> list[dt.date]:
    return list(rows.days.astype("datetime64[D]").astype(object))
