"""The verdict of each night, and each watched statistic against its limit, over the days of the timeline."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.monitor.alarms.finding import how_seldom
from jobs.report import findings, words
from jobs.report.drawing import Frame
from jobs.report.night import VERDICT, Night, of_all

# Statistics that are drawn at once, and those that can be unfolded; of thousands the page would be too heavy.
OPEN, MOST = 12, 160
VIOLATED, ORDINARY, EVENT, NONE = "violated", "ordinary", "event", "none"
Key = tuple[str, str, str]


def nights(night: Night) -> list[dict[str, Any]]:
    """A cell a day: ``day``, ``state``, ``version`` (None where none scored), ``title``; ``promoted``: not the version before."""
    cells, before = [], None
    for day in night.days:
        verdict = night.verdicts.get(day)
        if verdict is None:
            why = "nobody was in the population" if day in night.nobody else "not scored, or not monitored yet"
            cells.append(
                {"day": day, "state": NONE, "version": None, "title": f"{day:%a} {day}: {why}", "promoted": False}
            )
            continue
        version = verdict["model_version"]
        event = night.known_event(day)
        state = VIOLATED if verdict["violated"] else EVENT if event else ORDINARY
        said = f"not judged, known event {event}" if state == EVENT else state
        fallback = ", scored by the declared fallbacks" if day in night.fallbacks else ""
        title = f"{day:%a} {day}: {said}, version {version}{fallback}"
        promoted = before is not None and version != before
        cells.append({"day": day, "state": state, "version": version, "title": title, "promoted": promoted})
        before = version
    return cells


def statistics(night: Night) -> dict[str, Any]:
    """Each watched statistic of the night over the days: the nearest to its limit first.

    Returns:
        ``open`` and ``folded``, the pictures; ``left_out``, how many more there are.
    """
    watched = {_key(row): row for row in night.of_day if of_all(row) and _is_watched(row, night.measured)}
    history: dict[Key, dict[dt.date, Mapping[str, Any]]] = {key: {} for key in watched}
    for row in night.rows:
        if row["kind"] != VERDICT and of_all(row) and (key := _key(row)) in history:
            history[key][row["partition"]] = row
    # Of what is ordinary the least probable comes first.
    order = sorted(watched, key=lambda key: (-nearness(watched[key], night), watched[key].get("chance") or 0.0, key))
    drawn = [_picture(night, watched[key], history[key]) for key in order[:MOST]]
    return {"open": drawn[:OPEN], "folded": drawn[OPEN:], "left_out": max(len(order) - MOST, 0), "all": len(order)}


def nearness(row: Mapping[str, Any], night: Night) -> float:
    """How near a statistic is to its limit: 1 at it, more beyond; what is violated comes first, what is not measured last."""
    if row["value"] is None:
        return -1.0
    first = 1e9 if row["violated"] else 0.0
    if row.get("once_in_days") is not None:
        return first + math.log(max(row["once_in_days"], 1.0)) / math.log(night.use_case.drift.false_alarm_days)
    return first + float(row["value"]) / (float(row["limit"]) or 1.0)


def promotions(night: Night) -> list[int]:
    """The places of the days on which another version scored than on the day before."""
    return [place for place, cell in enumerate(nights(night)) if cell["promoted"]]


def _is_watched(row: Mapping[str, Any], measured: bool) -> bool:
    if not measured:
        return row["limit"] is not None
    # A PSI is a size beside the findings: nothing is decided by it.
    return row.get("once_in_days") is not None or (row["limit"] is not None and row["statistic"] != findings.PSI)


def _key(row: Mapping[str, Any]) -> Key:
    return row["kind"], row["feature"], row["statistic"]


def _picture(night: Night, row: Mapping[str, Any], history: Mapping[dt.date, Mapping[str, Any]]) -> dict[str, Any]:
    days = [history.get(day) for day in night.days]
    values = [None if one is None else one["value"] for one in days]
    limits = [None if one is None else one["limit"] for one in days]
    frame = Frame(len(days), 0.0, _top(values, limits))
    return {
        "name": words.column(row["kind"], row["feature"]),
        "kind": words.kind(row["kind"], row["statistic"]),
        "statistic": words.statistic(row["statistic"]),
        "value": "not measured" if row["value"] is None else words.value(row["statistic"], row["value"]),
        "sure": "" if row.get("once_in_days") is None else how_seldom(row["once_in_days"]),
        "limit": None if row["limit"] is None else words.value(row["statistic"], row["limit"]),
        "violated": row["violated"],
        "reason": row["reason"],
        "line": frame.line(values),
        "steps": frame.steps(limits),
        "marks": [
            (frame.x(place), frame.y(value), f"{night.days[place]}: {words.value(row['statistic'], one['value'])}")
            for place, (one, value) in enumerate(zip(days, values, strict=True))
            if one is not None and value is not None and one["violated"]
        ],
        "last": None if values[-1] is None else (frame.x(len(days) - 1), frame.y(values[-1])),
        "promoted": [frame.x(place) for place in promotions(night)],
    }


def _top(values: Sequence[float | None], limits: Sequence[float | None]) -> float:
    """The upper end: a limit that is far above for some days is cut off there, or nothing else would be seen."""
    known = sorted(limit for limit in limits if limit is not None)
    usual = [min(known[-1], 2 * known[len(known) // 2])] if known else []
    return 1.1 * max([*(one for one in values if one is not None), *usual], default=1.0) or 1.0
