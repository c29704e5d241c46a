"""An explanation of a score in plain words, for people."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lakehouse.analyst import class_report, decided, keys
from lakehouse.analyst.explanation import Explanation
from lakehouse.analyst.rendering import aligned
from lakehouse.analyst.shap_reasons import Reason
from lakehouse.declaration import UseCase, metric_names
from lakehouse.evaluation.shap_values import OTHERS
from lakehouse.models import version_selection
from lakehouse.ops import model_events

# An input that is a source's day, such as "bookings 2024-03-05".
DAILY_INPUT = re.compile(r"(?P<source>.+) (?P<day>\d{4}-\d{2}-\d{2})")

# What ``chosen_by`` of the scores table adds to the sentence about the version.
CHOSEN_BY = {
    "champion": ", being champion when the day was first scored",
    "now": ", the day being restated by a later champion",
    "asked": ", requested by its number",
}


def report(use_case: UseCase, explanation: Explanation) -> str:
    """All sections of the explanation."""
    sections = (_score, _reasons, _features, _model, _history, _built_from, _missing)
    return "\n".join(line for section in sections for line in section(use_case, explanation))


def _score(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    score = explanation.score
    yield f"{use_case.title}: {keys.text(explanation.key)} on {score['partition']}"
    yield ""
    yield f"{outcome(use_case, score)}."
    yield from deciders(explanation)
    yield from beside(use_case, explanation)


def deciders(explanation: Explanation) -> Iterator[str]:
    """Which version scored, and what decided beside it."""
    score = explanation.score
    by = "Scored in the place of" if score.get("chosen_by") == version_selection.FALLBACK else "Scored by"
    yield (
        f"{by} version {score['model_version']} of {score['model_name']}, as {score['role']}, "
        f"at {instant(score['scored_at'])}{CHOSEN_BY.get(score.get('chosen_by') or '', '')}."
    )
    if explanation.decided is not None:
        yield from decided.words(explanation.decided)


def beside(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    """The scores of other roles."""
    for other in explanation.others:
        said = outcome(use_case, other)
        yield f"Next to it, version {other['model_version']} as {other['role']}: {said[0].lower()}{said[1:]}."


def outcome(use_case: UseCase, score: Mapping[str, Any]) -> str:
    """The score of a row, and what was decided by it."""
    if use_case.classes:
        return class_report.outcome(use_case, score)
    if not use_case.binary:
        return f"Predicted value {score['score']:.4g}"
    return decided.yes_or_no(score)


def _reasons(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    reasoned = explanation.reasoned
    if reasoned is None:
        return
    yield ""
    origin = "stored with the score" if reasoned.stored else "computed now"
    yield f"Why ({origin}; exact SHAP contributions, in {use_case.model.objective.unit}):"
    yield from (f"  {line}" for line in start(use_case, explanation))
    described = descriptions(use_case)
    yield from aligned(
        [
            effect(use_case, reason),
            f"{reason.contribution:+.3f}",
            named(reason),
            described.get(reason.feature, ""),
        ]
        for reason in reasoned.reasons
    )


def start(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    """Where every row starts, and what the reasons make of that; there are some."""
    reasoned = explanation.reasoned
    assert reasoned is not None
    base, margin = reasoned.base_value, reasoned.margin
    objective = use_case.model.objective
    if use_case.classes:
        yield from class_report.start(reasoned, explanation.score)
    elif objective.scale != "identity":
        what, digits = ("a chance", ".3f") if use_case.binary else ("a value", ".4g")
        yield f"Every row starts at {base:+.3f}, {what} of {objective.score(base):{digits}}."
        yield f"Its reasons make that {margin:+.3f}, {what} of {objective.score(margin):{digits}}:"
    else:
        yield f"Every row starts at {base:.4g}; its reasons make that {margin:.4g}:"


def effect(use_case: UseCase, reason: Reason) -> str:
    """Which way a reason moves what."""
    what = "the chance" if use_case.binary else class_report.MARGIN if use_case.classes else "the value"
    if reason.contribution == 0:
        return f"leaves {what}"
    return f"{'raises' if reason.contribution > 0 else 'lowers'} {what}"


def named(reason: Reason) -> str:
    """A feature with its value."""
    if reason.feature == OTHERS:
        return "all other features together"
    return f"{reason.feature} = {number(reason.value)}"


def _features(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    values = explanation.features
    if not values:
        return
    yield ""
    yield f"The {len(values)} features used, version {explanation.score['features_version']} of their table:"
    described = descriptions(use_case)
    yield from aligned([name, number(value), described[name]] for name, value in values.items())


def _model(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    score, model = explanation.score, explanation.model
    yield ""
    yield f"The model: version {score['model_version']} of {score['model_name']}, MLflow run {score['run_id']}."
    windows, rows, metrics = (model.get(name) or {} for name in ("windows", "rows", "metrics"))
    if windows:
        days = ", ".join(
            f"{use} {windows[name]}" + (f" ({rows[name]:,} rows)" if name in rows else "")
            for name, use in (("train", "trained on"), ("validation", "tuned on"), ("holdout", "measured on"))
            if name in windows
        )
        yield f"  {days[0].upper()}{days[1:]}."
    for name, values in sorted(metrics.items(), key=lambda item: item[0] != "model"):
        numbers = ", ".join(
            f"{metric.replace('_', ' ')} {number(value)}"
            for metric, value in values.items()
            if _is_number(value) and not metric_names.is_of_a_class(metric)
        )
        if numbers:
            yield f"  {'This model' if name == 'model' else name.replace('_', ' ').capitalize()}: {numbers}."
    codes = {"scored by code": score["code_version"], "trained by code": model.get("training_code_version")}
    yield "  " + ", ".join(f"{words} {code}" for words, code in codes.items() if code).capitalize() + "."


def _history(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    yield ""
    if not any(event.event == model_events.PROMOTED for event in explanation.history):
        yield f"ops.model_events has no promotion of version {explanation.score['model_version']}."
    else:
        yield "The version's events:"
    for event in explanation.history:
        yield f"  {instant(event.happened_at)}  {event.event} by {event.actor}: {event.reason}"


def _built_from(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    if explanation.built_from.get("features"):
        yield ""
        yield "Its features were built from (every delivery by its id: --format json):"
        yield from (f"  {line}" for line in sources(explanation))


def sources(explanation: Explanation) -> Iterator[str]:
    """What the features were built from: each source with its days and deliveries."""
    by_source: dict[str, list[tuple[str, int]]] = {}
    for name, ids in explanation.built_from.get("features", {}).items():
        daily = DAILY_INPUT.fullmatch(name)
        if daily is None:
            yield f"{name} {ids}"
        else:
            count = len([each for each in ids.split(",") if each])
            by_source.setdefault(daily["source"], []).append((daily["day"], count))
    for source, days in sorted(by_source.items()):
        count, corrected = sum(each for _, each in days), sum(1 for _, each in days if each > 1)
        first, last = min(day for day, _ in days), max(day for day, _ in days)
        span = first if first == last else f"{len(days)} day(s) from {first} to {last}"
        corrections = f", {corrected} day(s) with corrections" if corrected else ""
        yield f"{source}: {span}, {count} deliver{'y' if count == 1 else 'ies'}{corrections}"


def _missing(use_case: UseCase, explanation: Explanation) -> Iterator[str]:
    if explanation.missing:
        yield ""
        yield "Not available:"
    for what in explanation.missing:
        yield f"  {what}"


def descriptions(use_case: UseCase) -> dict[str, str]:
    """What each feature is, by its name."""
    return {feature.name: feature.description for feature in use_case.table_features}


def number(value: float | str | None) -> str:
    """A feature's value."""
    if isinstance(value, str):
        # Quoted, so that the empty text is seen, and "17" is no number.
        return json.dumps(value, ensure_ascii=False)
    if value is None or math.isnan(value):
        return "not known"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.10g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def instant(value: dt.datetime) -> str:
    """An instant in UTC."""
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
