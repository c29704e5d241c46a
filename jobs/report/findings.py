"""What is beyond its limit: a card a column, with what was found of it, and the two distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jobs.monitor.alarms.finding import how_seldom
from jobs.monitor.known_days import Judged
from jobs.monitor.verdict import LEFT_OUT
from jobs.report import by_weekday, distribution, expected, words
from jobs.report.night import Night, of_all
from jobs.report.window_counts import Daily
from lakehouse.declaration.known_events import KNOWN_EVENT

# Cards with their distributions; of the others a line each.
MOST_CARDS, MOST_LINES = 12, 200
# Of a statistic of a column so many slices are named, the surest first: there may be hundreds.
MOST_SLICES = 6
FEATURE, DATA, PREDICTION, LABEL = "feature", "data", "prediction", "label"
PSI = "psi"
FACTS = ("built_again", KNOWN_EVENT, LEFT_OUT)


def cards(night: Night) -> dict[str, Any]:
    """The columns with something beyond its limit, the worst first.

    Returns:
        ``cards``: the first ones; ``others``, of the rest a line each as ``name`` and ``reason``; ``left_out``, how many more.
    """
    by_column: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in night.of_day:
        # With measured alarms a PSI is a size beside the findings, and decides nothing.
        if row["violated"] and not (night.measured and row["statistic"] == PSI):
            kind = FEATURE if row["kind"] == DATA and row["feature"] in _columns(night) else row["kind"]
            by_column.setdefault((kind, row["feature"]), []).append(row)

    def place(column: tuple[str, str]) -> tuple[Any, ...]:
        # Of declared limits one of the scores or of the quality violates a night, and features only where they are many.
        return not night.measured and column[0] == FEATURE, -max(map(_excess, by_column[column])), column

    order = sorted(by_column, key=place)
    rest = order[MOST_CARDS:]
    return {
        "cards": [_card(night, *column, by_column[column]) for column in order[:MOST_CARDS]],
        "others": [
            {"name": name, "reason": max(by_column[kind, name], key=_excess)["reason"]}
            for kind, name in rest[:MOST_LINES]
        ],
        "left_out": max(len(rest) - MOST_LINES, 0),
    }


def facts(night: Night) -> list[str]:
    """What is told whatever the verdict is: new levels of categories, days that were built again since they were scored, and those
    of known events.
    """
    told = [row for row in night.of_day if row["kind"] == "new category" or row["statistic"] in FACTS]
    return [*(str(row["reason"]) for row in told if row["value"]), *expected.facts(night)]


def scores(night: Night, days: int | None = None) -> dict[str, Any] | None:
    """The two distributions of the scores, or of the decided classes, over so many days; None where they are not there.

    ``days``: by default those of the declared window.
    """
    profile = night.profile
    if profile is None:
        return None
    before = np.asarray(profile.prediction.shares)
    now = _total(night, night.counted.scores, days or night.use_case.drift.window_days)
    if now is None:
        return None
    if night.classes:
        return distribution.of_classes(night.classes, before, now)
    return distribution.of_column(profile.prediction, before, now)


def _excess(row: Mapping[str, Any]) -> float:
    if row.get("once_in_days") is not None:
        return float(row["once_in_days"])
    return float(row["value"] or 0.0) / float(row["limit"] or 1.0)


def _columns(night: Night) -> Mapping[str, Any]:
    return night.profile.features if night.profile is not None else {}


def _card(night: Night, kind: str, name: str, rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    surest = sorted(rows, key=lambda row: (-_excess(row), not of_all(row)))
    about = {feature.name: feature.description for feature in night.use_case.table_features}
    first = surest[0]
    relation = first["statistic"] == words.RELATION
    # What has changed beside the label may be what the feature is made of: its newest rows are drawn.
    days = int((not relation and first.get("days")) or night.use_case.drift.window_days)
    return {
        "name": words.column(kind, name),
        "kind": words.kind(kind, first["statistic"]),
        "about": about.get(name, "") if kind == FEATURE or relation else "",
        "findings": [_finding(night, row) for row in surest if row is first or of_all(row)],
        "also": _also([row for row in surest if row is not first and not of_all(row)]),
        "advice": list(dict.fromkeys(row["advice"] for row in surest if row.get("advice"))),
        "distribution": _distribution(night, kind, name, first, days),
        "where": "" if of_all(first) else f"{first['slice']} is {first['slice_value']}",
        "window": _window(night, kind, days),
        "by_day": by_weekday.table(night, first) if night.measured else None,
        "size": _size(night, kind, name) if night.measured else "",
    }


def _finding(night: Night, row: Mapping[str, Any]) -> dict[str, Any]:
    measured = row.get("once_in_days") is not None
    limit = words.value(row["statistic"], row["limit"]) if row["limit"] is not None else ""
    return {
        "statistic": words.statistic(row["statistic"]),
        "value": words.value(row["statistic"], row["value"]),
        "limit": limit,
        "times": "" if measured or not row["limit"] else f"{words.times(row['value'] / row['limit'])} times its limit",
        "since": night.since(row),
        "where": "" if of_all(row) else f"{row['slice']} is {row['slice_value']}",
        "sure": how_seldom(row["once_in_days"]) if measured else "",
        "reason": words.reason(row),
    }


def _also(rows: list[Mapping[str, Any]]) -> list[str]:
    """Further slices in which a column stands out, by statistic."""
    by_statistic: dict[str, list[str]] = {}
    for row in rows:
        told = f"where {row['slice']} is {row['slice_value']} ({words.value(row['statistic'], row['value'])})"
        by_statistic.setdefault(row["statistic"], []).append(told)
    return [
        f"{words.statistic(name)} {', '.join(told[:MOST_SLICES])}"
        + (f" and in {len(told) - MOST_SLICES} more slices" if len(told) > MOST_SLICES else "")
        for name, told in by_statistic.items()
    ]


def _window(night: Night, kind: str, days: int) -> str:
    last = night.last_matured if kind == LABEL else night.day
    return f"the {days} days to {last}" if days > 1 else str(last)


def _size(night: Night, kind: str, name: str) -> str:
    for row in night.of_day:
        if (row["kind"], row["feature"], row["statistic"]) == (kind, name, PSI) and row["value"] is not None:
            return f"PSI of all rows {words.number(row['value'])}, {words.number(row['limit'])} is ordinary"
    return ""


def _total(night: Night, counts: Daily, days: int, matured: bool = False) -> Any:
    """The rows of the newest days by bin, as they were compared: without those of known events; None without any."""
    drift, last = night.use_case.drift, night.last_matured if matured else night.day
    newest = night.use_case.calendar.scores.newest(last, max(days, drift.window_days))
    compared = (Judged.of if night.measured else Judged.pooled)(newest, drift).days
    present = [counts[day] for day in compared[-days:] if day in counts]
    total = np.sum(present, axis=0) if present else None
    return total if total is not None and total.sum() else None


def _distribution(night: Night, kind: str, name: str, row: Mapping[str, Any], days: int) -> dict[str, Any] | None:
    profile = night.profile
    if profile is None:
        return None
    if kind == LABEL:
        return _of_labels(night, days)
    if kind in (PREDICTION, words.ESTIMATE):
        return scores(night, days)
    if name not in profile.features:
        return None
    item, history = profile.features[name], profile.history
    if of_all(row) or history is None:
        now = _total(night, night.counted.features.get(name, {}), days)
        before = np.asarray(item.shares)
    elif (row["slice"], row["slice_value"]) not in history.slices:
        return None
    else:
        place = history.slices.index((row["slice"], row["slice_value"]))
        total = _total(night, night.counted.sliced.get(name, {}), days)
        now = None if total is None or not total[place].sum() else total[place]
        trained = history.sliced_of(name)[place].sum(axis=0)
        before = trained / max(trained.sum(), 1)
    return None if now is None else distribution.of_column(item, before, now)


def _of_labels(night: Night, days: int) -> dict[str, Any] | None:
    history = night.profile.history if night.profile is not None else None
    if history is None:
        return None
    total = _total(night, night.counted.labels, days, matured=True)
    # Labels that never came are counted, and are no label.
    if total is None or not total[:-1].any():
        return None
    trained = history.label_counts.sum(axis=0)[:-1]
    before, now = trained / max(trained.sum(), 1), total[:-1]
    if night.use_case.binary:
        return distribution.bars(["no", "yes"], before, now, ordered=True)
    if night.classes:
        return distribution.of_classes(night.classes, before, now)
    return distribution.bars(distribution.bins(history.label_edges)[:-1], before, now, ordered=True)
