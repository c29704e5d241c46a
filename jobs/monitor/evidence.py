"""The input of the drift checks of some days: the champion's profile, and the rows of their windows counted by day and bin."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from jobs.monitor import (
    alarm_counts,
    alarm_inputs,
    drift_counts,
    estimates,
    new_categories,
    performance,
    residual_counts,
)
from jobs.monitor.alarms import checks, matured
from jobs.monitor.alarms.seen import Seen
from jobs.monitor.drift import Evidence
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.scorers import model_files
from lakehouse.storage import partition_rows


def gather(use_case: UseCase, version: int, days: list[dt.date]) -> Evidence:
    """What is known of the windows of these days: only what is not counted yet is read."""
    model = recorded_version.version(use_case.name, version)
    profile = Profile.from_json(artifacts.local_copy(model, artifacts.PROFILE).read_text(encoding="utf-8"))
    length, rhythm = use_case.drift.window_days, use_case.calendar.scores
    recent = {past for day in days for past in rhythm.newest(day, length)}
    older = {past for day in days for past in checks.labelled_days(use_case, day)}
    rule = None
    if use_case.classes:
        rule = ClassRule.of(model_files.load(artifacts.model_bytes(model)))
    classes = () if rule is None else rule.classes
    reference, seen = checks.reference_of(profile, classes) if use_case.drift.measured else None, Seen()
    features, scores = drift_counts.of_days(use_case, version, profile, recent, classes)
    measured = partition_rows.read(tables.performance(use_case), older)
    if reference is not None:
        sliced, labels = alarm_counts.of_days(use_case, version, profile, reference.history, recent, older)
        by_slice = matured.by_slice(measured, registry.CHAMPION, version, use_case.model.task)
        delivered = alarm_inputs.delivered(use_case, reference.history.days[0], max(days))
        related = residual_counts.of_days(use_case, version, profile, older) if reference.history.relations else {}
        seen = Seen(sliced, labels, by_slice, related, delivered, alarm_inputs.built_again(use_case, recent))
    if use_case.drift.estimate is not None:
        lines = partition_rows.read(tables.estimates(use_case), recent)
        seen = replace(seen, estimates=estimates.by_day(lines, registry.CHAMPION, version))
    return Evidence(
        version=version,
        profile=profile,
        features=features,
        scores=scores[SCORE],
        new_levels=new_categories.read(use_case, version, recent),
        matured=performance.by_day(measured, registry.CHAMPION, version, use_case.model.task),
        classes=classes,
        reference=reference,
        seen=seen,
    )
