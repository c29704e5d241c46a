"""An explanation of a score in plain words, and as JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from lakehouse.analyst import keys
from lakehouse.analyst.explanation import Explanation
from lakehouse.analyst.rendering import aligned, plain
from lakehouse.analyst.shap_reasons import Reason
from lakehouse.declaration import UseCase
from lakehouse.evaluation.shap_values import OTHERS
from lakehouse.ops import model_events

DATED = re.compile(r"(?P<source>.+) (?P<day>\d{4}-\d{2}-\d{2})")


def as_json(use_case: UseCase, found: Explanation) -> str:
    """One JSON object."""
    told = asdict(found) | {"use_case": use_case.name, "history": [vars(event) for event in found.history]}
    if found.reasoned is not None:
        told["reasoned"] |= {"margin": found.reasoned.margin, "unit": _unit(use_case)}
        for reason in told["reasoned"]["reasons"]:
            reason["description"] = _descriptions(use_case).get(reason["feature"], "")
    return json.dumps(plain(told), indent=1, ensure_ascii=False)


def as_text(use_case: UseCase, found: Explanation) -> str:
    """The whole of it, for people."""
    parts = (_head, _reasons, _features, _model, _history, _built_from, _missing)
    return "\n".join(line for part in parts for line in part(use_case, found))


def _head(use_case: UseCase, found: Explanation) -> Iterator[str]:
    score = found.score
    yield f"{use_case.title}: {keys.text(found.key)} on {score['partition']}"
    yield ""
    yield f"{_verdict(use_case, score)}."
    yield (
        f"Scored by version {score['model_version']} of {score['model_name']}, as {score['role']}, "
        f"at {_instant(score['scored_at'])}{_CHOSEN.get(score.get('chosen_by') or '', '')}."
    )
    for other in found.others:
        said = _verdict(use_case, other)
        yield f"Beside it, version {other['model_version']} as {other['role']}: {said[0].lower()}{said[1:]}."


_CHOSEN = {
    "champion": ", being champion when the day was first scored",
    "now": ", the day being restated by a later champion",
    "asked": ", asked for by its number",
}


def _verdict(use_case: UseCase, score: Mapping[str, Any]) -> str:
    if not use_case.binary:
        return f"Predicted value {score['score']:.4g}"
    sign = "at or above" if score["decision"] else "below"
    decided = "yes" if score["decision"] else "no"
    return f"Score {score['score']:.3f}, {sign} the threshold {score['threshold']:.3f}: decided {decided}"


def _reasons(use_case: UseCase, found: Explanation) -> Iterator[str]:
    if found.reasoned is None:
        return
    base, margin = found.reasoned.base_value, found.reasoned.margin
    yield ""
    origin = "stored with the score" if found.reasoned.stored else "computed now"
    yield f"Why ({origin}; exact SHAP contributions, in {_unit(use_case)}):"
    if use_case.binary:
        yield f"  Every row starts at {base:+.3f}, a chance of {_chance(base):.3f}."
        yield f"  Its reasons make that {margin:+.3f}, a chance of {_chance(margin):.3f}:"
    else:
        yield f"  Every row starts at {base:.4g}; its reasons make that {margin:.4g}:"
    descriptions = _descriptions(use_case)
    yield from aligned(
        [
            _effect(use_case, reason),
            f"{reason.contribution:+.3f}",
            _named(reason),
            descriptions.get(reason.feature, ""),
        ]
        for reason in found.reasoned.reasons
    )


def _effect(use_case: UseCase, reason: Reason) -> str:
    what = "the chance" if use_case.binary else "the value"
    if reason.contribution == 0:
        return f"leaves {what}"
    return f"{'raises' if reason.contribution > 0 else 'lowers'} {what}"


def _named(reason: Reason) -> str:
    if reason.feature == OTHERS:
        return "all other features together"
    return f"{reason.feature} = {_number(reason.value)}"


def _features(use_case: UseCase, found: Explanation) -> Iterator[str]:
    if not found.features:
        return
    yield ""
    yield f"The {len(found.features)} features used, version {found.score['features_version']} of their table:"
    descriptions = _descriptions(use_case)
    yield from aligned([name, _number(value), descriptions[name]] for name, value in found.features.items())


def _model(use_case: UseCase, found: Explanation) -> Iterator[str]:
    score, model = found.score, found.model
    yield ""
    yield f"The model: version {score['model_version']} of {score['model_name']}, MLflow run {score['run_id']}."
    windows, rows, metrics = (model.get(name) or {} for name in ("windows", "rows", "metrics"))
    if windows:
        told = ", ".join(
            f"{words} {windows[name]}" + (f" ({rows[name]:,} rows)" if name in rows else "")
            for name, words in (("train", "trained on"), ("validation", "tuned on"), ("holdout", "measured on"))
            if name in windows
        )
        yield f"  {told[0].upper()}{told[1:]}."
    for name, values in sorted(metrics.items(), key=lambda item: item[0] != "model"):
        known = ", ".join(
            f"{metric.replace('_', ' ')} {_number(value)}" for metric, value in values.items() if _is_number(value)
        )
        if known:
            yield f"  {'This model' if name == 'model' else name.replace('_', ' ').capitalize()}: {known}."
    codes = {"scored by code": score["code_version"], "trained by code": model.get("training_code_version")}
    yield "  " + ", ".join(f"{words} {code}" for words, code in codes.items() if code).capitalize() + "."


def _history(use_case: UseCase, found: Explanation) -> Iterator[str]:
    yield ""
    if not any(event.event == model_events.PROMOTED for event in found.history):
        yield f"ops.model_events says of no promotion of version {found.score['model_version']}."
    else:
        yield "What became of that version, and who said so:"
    for event in found.history:
        yield f"  {_instant(event.happened_at)}  {event.event} by {event.actor}: {event.reason}"


def _built_from(use_case: UseCase, found: Explanation) -> Iterator[str]:
    features = found.built_from.get("features", {})
    if not features:
        return
    yield ""
    yield "Its features were built from (every delivery by its id: --format json):"
    by_source: dict[str, list[tuple[str, int]]] = {}
    for name, ids in features.items():
        match = DATED.fullmatch(name)
        if match is None:
            yield f"  {name} {ids}"
        else:
            by_source.setdefault(match["source"], []).append(
                (match["day"], len([each for each in ids.split(",") if each]))
            )
    for source, days in sorted(by_source.items()):
        count, corrected = sum(each for _, each in days), sum(1 for _, each in days if each > 1)
        first, last = min(day for day, _ in days), max(day for day, _ in days)
        span = first if first == last else f"{len(days)} day(s) from {first} to {last}"
        more = f", {corrected} day(s) with corrections" if corrected else ""
        yield f"  {source}: {span}, {count} deliver{'y' if count == 1 else 'ies'}{more}"


def _missing(use_case: UseCase, found: Explanation) -> Iterator[str]:
    if found.missing:
        yield ""
        yield "Not to be had:"
    for what in found.missing:
        yield f"  {what}"


def _descriptions(use_case: UseCase) -> dict[str, str]:
    return {feature.name: feature.description for feature in use_case.features}


def _unit(use_case: UseCase) -> str:
    return "log-odds" if use_case.binary else "the unit of the value"


def _chance(margin: float) -> float:
    return 1 / (1 + math.exp(-margin))


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "not known"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.10g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _instant(value: dt.datetime) -> str:
    return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
