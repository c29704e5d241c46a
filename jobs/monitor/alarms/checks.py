"""All findings of a day, and the verdict: violated when one is beyond what chance gives once in the declared number of days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from jobs.monitor import known_days
from jobs.monitor.alarms import of_concept, of_data, of_deliveries, of_estimates, of_means, of_psi, of_quality
from jobs.monitor.alarms.budget import Tally
from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.finding import Finding
from jobs.monitor.alarms.reference import Reference
from jobs.monitor.alarms.seen import Seen
from jobs.monitor.alarms.windows import PATIENT, Recent
from jobs.monitor.counts import Counts, DailyCounts
from jobs.monitor.known_days import Judged
from jobs.monitor.verdict import LEFT_OUT, DriftCheck, Kind, Verdict
from lakehouse.declaration import Drift, UseCase, metric_names
from lakehouse.declaration.known_events import KNOWN_EVENT
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.packed_numbers import Whole

Daily = Mapping[dt.date, Counts]
Sizes = list[tuple[Kind, Recent, list[tuple[Column, Whole]]]]

# So many findings are told in a verdict, the surest first.
TOLD = 8


def of_day(
    day: dt.date, use_case: UseCase, reference: Reference, features: DailyCounts, scores: Daily, seen: Seen
) -> list[DriftCheck]:
    """Every finding of the windows that end with ``day``, and of those of matured days before it."""
    drift, tallies = use_case.drift, defaultdict[str | None, Tally](Tally)
    inputs = Judged.of(use_case.calendar.scores.newest(day, drift.window_days), drift)
    sizes = _of_inputs(day, inputs, reference, features, scores, seen, tallies[inputs.event])
    if drift.estimate is not None and (estimator := reference.profile.estimator) is not None:
        known = {metric: inputs.of_days(by_day) for metric, by_day in seen.estimates.items()}
        of_estimates.add(estimator, known, inputs.newest, tallies[inputs.event])
    matured = Judged.of(labelled_days(use_case, day), drift)
    _of_labels(matured, use_case, reference, seen, tallies[matured.event])
    for source, by_day in seen.delivered.items():
        after = dt.timedelta(days=use_case.source(source).arrives_after_days)
        due = Judged.of([past - after for past in inputs.newest], drift)
        of_deliveries.deliveries(source, by_day, reference.history.days, due.days, tallies[due.event])
    found = {event: list(tally.findings(drift.false_alarm_days)) for event, tally in tallies.items()}
    its = found[inputs.event]
    psi = [
        one
        for kind, days, columns in sizes
        for one in of_psi.rows(kind, columns, days, 1 / drift.false_alarm_days / len(columns), its)
    ]
    return [
        *known_days.told(psi, inputs.event),
        *(one for event, tested in found.items() for one in known_days.told(tested, event)),
        *inputs.said("data", its),
        *(matured.said("label", found[matured.event]) if matured.event else ()),
        *_built_again(inputs.newest, seen),
    ]


def _of_inputs(
    day: dt.date,
    inputs: Judged,
    reference: Reference,
    features: DailyCounts,
    scores: Daily,
    seen: Seen,
    tally: Tally,
) -> Sizes:
    """Test what needs no label; returns the columns whose PSI is told, with their counts."""
    sizes: Sizes = []
    by_name = {name: by_day for name, by_day in features.items() if name in reference.features}
    present = {past for by_day in by_name.values() for past in _with_rows(by_day, inputs.days)}
    recent = Recent.of(inputs.newest, present)
    if day in recent.days:
        windows = {name: _of_feature(reference, recent, name, by_day, seen) for name, by_day in by_name.items()}
        of_data.missing(reference, recent, windows, tally)
        of_data.beyond(reference, recent, windows, tally)
        of_means.features(reference, recent, windows, tally)
        of_data.volume(reference, recent, next(iter(windows.values()))[0].sum(axis=-1), tally)
        columns = [(reference.features[name], counts[0]) for name, counts in windows.items()]
        sizes.append(("feature", recent, columns))
    scored = Recent.of(inputs.newest, _with_rows(scores, inputs.days))
    if day in scored.days:
        counted = scored.stacked(scores, (reference.profile.prediction.width,))
        of_means.scores(reference, scored, counted, tally)
        sizes.append(("prediction", scored, [(reference.scores, counted)]))
    return sizes


def _of_labels(matured: Judged, use_case: UseCase, reference: Reference, seen: Seen, tally: Tally) -> None:
    """Test what needs labels."""
    newest, days, longest = matured.newest, set(matured.days), use_case.drift.window_days
    loss = metric_names.LOSS[use_case.model.task]
    known = {past for past in _with_rows(seen.labels, matured.days) if seen.labels[past][:-1].any()}
    labelled = Recent.of(newest, known, longest)
    if labelled.days:
        counted = labelled.stacked(seen.labels, (reference.history.label_width,))
        of_means.labels(reference, labelled, counted, tally)
    judged = Recent.of(newest, days & {past for by_day in seen.quality.values() for past in by_day}, longest)
    if judged.days:
        of_quality.quality(reference, judged, seen.quality, loss, tally)
    related = {past for by_day in seen.residuals.values() for past, (rows, _) in by_day.items() if rows.any()}
    followed = Recent.of(newest, days & related, longest)
    if followed.days:
        of_concept.relations(reference, followed, seen.residuals, of_quality.usual_error(reference, loss), tally)


def labelled_days(use_case: UseCase, day: dt.date) -> list[dt.date]:
    """The days whose labels are looked at on ``day``: the matured ones of the longest window."""
    last = day - dt.timedelta(days=use_case.maturity_days)
    return use_case.calendar.scores.newest(last, longest_window(use_case.drift))


def longest_window(drift: Drift) -> int:
    """So many scored days a verdict looks back at."""
    return drift.window_days * (PATIENT[-1] if drift.measured else 1)


def reference_of(profile: Profile, classes: tuple[str, ...]) -> Reference | None:
    """What the profile's ordinary days are like; None of a version that was trained before alarms were measured."""
    return None if profile.history is None else Reference(profile, profile.history, bool(classes))


def verdict(checks: list[DriftCheck]) -> Verdict:
    """Violated by any finding; the reasons are the findings, the surest first, and of a day in order the nearest to one."""
    found = [check for check in checks if isinstance(check, Finding) and check.chance is not None]
    violated = sorted((one for one in found if one.violated), key=_chance)
    facts = ("new category", "built_again", KNOWN_EVENT, LEFT_OUT)
    others = [str(one.reason) for one in checks if (one.kind in facts or one.statistic in facts) and one.value]
    if violated:
        told = [_told(one) for one in violated[:TOLD]]
        if len(violated) > TOLD:
            told.append(f"and {len(violated) - TOLD} more findings in the drift table")
        return Verdict(True, (*told, *others))
    if not found and any(one.statistic == KNOWN_EVENT for one in checks):
        return Verdict(False, tuple(others))
    if not found:
        return Verdict(False, ("nothing measured", *(str(one.reason) for one in checks), *others))
    nearest = min(found, key=_chance)
    return Verdict(False, (f"nothing beyond chance among {len(found)} findings, nearest: {nearest.reason}", *others))


def _told(check: DriftCheck) -> str:
    advice = check.advice if isinstance(check, Finding) else None
    return str(check.reason) + (f": {advice.replace('; ', ', ')}" if advice else "")


def _chance(check: DriftCheck) -> float:
    # A declared limit is beyond doubt.
    return -(check.once_in_days or 0.0) if isinstance(check, Finding) else -np.inf


def _built_again(newest: Sequence[dt.date], seen: Seen) -> list[Finding]:
    """The gap between what was known when the window's days were scored and what is known now; a fact, and no violation."""
    days = [day for day in newest if day in seen.built_again]
    words = f"features: {len(days)} of the {len(newest)} days to {newest[-1]} were built again since they were scored"
    if days:
        words += f", the first {days[0]}, so their scores are of what was known then (restate them to score what is known now)"
    since = days[0] if days else None
    return [
        Finding("data", "features", "built_again", float(len(days)), None, False, words, since=since, days=len(newest))
    ]


def _with_rows(by_day: Daily, days: Sequence[dt.date]) -> set[dt.date]:
    return {day for day in days if day in by_day and by_day[day].any()}


def _of_feature(reference: Reference, recent: Recent, name: str, by_day: Daily, seen: Seen) -> Whole:
    """Shape (1 + slices, days, bins)."""
    width, slices = reference.features[name].counts.shape[2], len(reference.history.slices)
    sliced = recent.stacked(seen.sliced.get(name, {}), (slices, width))
    return np.concatenate([recent.stacked(by_day, (width,))[None], sliced])
