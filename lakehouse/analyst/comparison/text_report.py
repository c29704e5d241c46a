"""A comparison in plain words, for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from lakehouse.analyst.comparison import summary
from lakehouse.analyst.comparison.compared import Comparison
from lakehouse.analyst.comparison.differences import Difference
from lakehouse.analyst.comparison.importance import ComparedFeature
from lakehouse.analyst.comparison.measured import FIRST, NEITHER, SECOND, ComparedMetric, Estimate
from lakehouse.analyst.comparison.version_record import VersionRecord
from lakehouse.analyst.rendering import aligned
from lakehouse.declaration import UseCase, metric_names
from lakehouse.ops import model_events

# Features, slices and events that the text tells; the JSON has all.
MOST_FEATURES, MOST_SLICES, MOST_EVENTS = 15, 12, 6

_WHO = {FIRST: "the first is better", SECOND: "the second is better", NEITHER: "no difference beyond noise"}


def report(use_case: UseCase, comparison: Comparison) -> str:
    """All sections of the comparison."""
    sections = (_top, _metrics, _slices, _decided, _calibration, _live, _judged, _importance, _differences, _missing)
    return "\n".join(line for section in sections for line in section(use_case, comparison))


def _top(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    first, second = comparison.first, comparison.second
    yield f"{use_case.title}: version {first.version} and version {second.version}"
    yield ""
    yield summary.sentence(comparison)
    for record in (first, second):
        yield ""
        yield from _record(record, record.version == comparison.champion)


def _record(record: VersionRecord, champion: bool) -> Iterator[str]:
    yield f"Version {record.version}{', the champion' if champion else ''} (MLflow run {record.run_id or 'not known'}):"
    if record.registered_at is not None:
        yield f"  trained for {record.trained_for}, registered {instant(record.registered_at)} by {record.registered_by}"
    for name, use in (("train", "trained on"), ("validation", "tuned on"), ("holdout", "measured on")):
        if name in record.windows:
            rows = f", {record.rows[name]:,} rows" if name in record.rows else ""
            yield f"  {use} {record.windows[name]}{rows}"
    if numbers := holdout(record):
        yield f"  on its own holdout: {numbers}"
    verdicts = [event for event in record.events if event.event != model_events.REGISTERED]
    if len(verdicts) > MOST_EVENTS:
        yield f"  {len(verdicts) - MOST_EVENTS} older line(s) in ops.model_events"
    for event in verdicts[-MOST_EVENTS:]:
        yield f"  {event.event} {instant(event.happened_at)} by {event.actor}: {event.reason}"
    yield from (f"  not known: {line}" for line in record.missing)


def holdout(record: VersionRecord) -> str:
    """The metrics of the model on its own holdout, in words; not those of single classes."""
    measured: Mapping[str, Any] = record.metrics.get("model") or {}
    return ", ".join(
        f"{summary.words(name)} {value:.4g}"
        for name, value in measured.items()
        if isinstance(value, int | float)
        and name not in metric_names.CONFUSION
        and not metric_names.is_of_a_class(name)
    )


def _metrics(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    found = comparison.measured
    if found is None:
        return
    yield ""
    yield f"On the same {found.rows:,} labelled rows of {found.days[0]} to {found.days[1]} ({found.origin}; 95 % intervals):"
    yield from aligned(
        [["", f"version {comparison.first.version}", f"version {comparison.second.version}", "difference", ""]]
        + [_line(one) for one in found.metrics]
    )
    if any(one.difference.low is None for one in found.metrics):
        yield "  without an interval: no formula holds for drawn days, or the days are too few"
    if found.note:
        yield f"  left out: {found.note}"


def _line(one: ComparedMetric) -> list[str]:
    said = _WHO.get(one.better or "", "")
    return [summary.words(one.metric), estimate(one.first), estimate(one.second), estimate(one.difference, "+"), said]


def _slices(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    found = comparison.measured
    if found is None or not found.slices:
        return
    yield ""
    yield f"{summary.words(use_case.gate.metric).capitalize()} by slice, the largest first:"
    yield from aligned(
        [f"{one.slice} {one.value}", f"{one.rows:,} rows", *_line(one.compared)[1:]]
        for one in found.slices[:MOST_SLICES]
    )
    more = len(found.slices) - MOST_SLICES + found.slices_left_out
    if more > 0:
        yield f"  and {more} smaller ones (--json has the first {len(found.slices)})"


def _decided(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    if comparison.shares is None:
        return
    yield ""
    yield "What is decided on these rows:"
    for record, one in zip((comparison.first, comparison.second), comparison.shares, strict=True):
        said = [f"{part:.1%} {name}" for name, part in one.shares.items()]
        said += [f"threshold {one.threshold:.4g}"] if one.threshold is not None else []
        said += [f"mean {one.mean:.4g}"] if one.mean is not None else []
        yield f"  version {record.version}: {', '.join(said)}"
    if comparison.measured is not None and comparison.measured.agreement is not None:
        yield f"  both decide alike on {comparison.measured.agreement:.1%}"


def _calibration(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    if all(one is None for one in comparison.calibration):
        return
    yield ""
    yield "Calibration, ten bins of equally many rows: mean score -> what came:"
    for record, one in zip((comparison.first, comparison.second), comparison.calibration, strict=True):
        if one is not None:
            bins = ", ".join(f"{each.score:.3g} -> {each.label:.3g}" for each in one.bins)
            yield f"  version {record.version}: gap {one.gap:+.4f}, error {one.error:.4f} ({one.of}); {bins}"


def _live(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    live = comparison.live
    if not live.days:
        return
    yield ""
    counts = f"version {comparison.first.version} on {live.counts[0]}, version {comparison.second.version} on {live.counts[1]}"
    span = f"{live.days[0].day} to {live.days[-1].day}"
    yield f"Measured by monitoring on {span}: {counts} day(s) (gold.{use_case.name}_performance)."


def _judged(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    for one in comparison.judged:
        yield ""
        days = " to ".join(one.days)
        yield f"The gate {one.verdict} version {one.challenger} against version {one.champion}, judged on {days}:"
        gain = one.improvement
        if gain is not None and gain.get("value") is not None:
            ends = ""
            if gain.get("low") is not None:
                ends = f", {_percent(one.certainty)} interval {gain['low']:+.4f} to {gain['high']:+.4f}"
            yield f"  by {gain['value']:+.4f} better in {summary.words(one.metric or '')}{ends}"
        yield f"  {one.reasons}"


def _importance(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    found = comparison.importance
    if found is None:
        return
    yield ""
    same = found.first_means == found.second_means
    what = found.first_means if same else f"{found.first_means}; and {found.second_means}: compare the ranks"
    yield f"What each uses ({what}):"
    yield from aligned(
        [one.feature, share(one.first), share(one.second), moved(one), one.description]
        for one in found.features[:MOST_FEATURES]
    )
    if len(found.features) > MOST_FEATURES:
        yield f"  and {len(found.features) - MOST_FEATURES} more (--json)"


def _differences(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    found = comparison.differences
    numbers = comparison.first.version, comparison.second.version
    yield ""
    yield "What was different in their making:"
    lines = [*found.made_from, *found.parameters, *found.learned, *(found.declared or ())]
    for number, names in zip(numbers, (found.only_first, found.only_second), strict=True):
        if names:
            yield f"  only version {number} reads {', '.join(names)}"
    if found.retyped:
        yield f"  a category in one, a number in the other: {', '.join(found.retyped)}"
    yield from aligned(_difference(one) for one in lines)
    if found.declared_left_out:
        yield f"  and {found.declared_left_out} more fields of the declaration"
    if not lines and not found.only_first and not found.only_second:
        yield "  nothing that is recorded of both"


def _difference(one: Difference) -> list[str]:
    return [
        one.what,
        "not there" if one.first is None else one.first,
        "->",
        "not there" if one.second is None else one.second,
    ]


def _missing(use_case: UseCase, comparison: Comparison) -> Iterator[str]:
    if comparison.missing:
        yield ""
        yield "Not available:"
    yield from (f"  {line}" for line in comparison.missing)


def estimate(one: Estimate, sign: str = "") -> str:
    """A number with its interval."""
    if one.value is None:
        return "not defined"
    ends = "" if one.low is None or one.high is None else f" ({one.low:{sign}.4f} to {one.high:{sign}.4f})"
    return f"{one.value:{sign}.4f}{ends}"


def instant(at: dt.datetime) -> str:
    """An instant in UTC."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def share(part: float | None) -> str:
    """A feature's share."""
    return "not read" if part is None else f"{part:.1%}"


def moved(one: ComparedFeature) -> str:
    """How a feature's rank changed from the first version to the second."""
    if one.change is None:
        return ""
    return "same rank" if one.change == 0 else f"{'up' if one.change > 0 else 'down'} {abs(one.change)}"


def _percent(certainty: float | None) -> str:
    return "" if certainty is None else f"{100 * certainty:g} %"
