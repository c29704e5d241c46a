"""How good the scores turned out, once their labels had come: by day and version, what they were worth, and what decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from jobs.report import deciders, expected, timeline, words, worth
from jobs.report.drawing import Frame
from jobs.report.expected import Expected
from jobs.report.night import Night
from lakehouse.declaration import metric_names
from lakehouse.models import registry
from lakehouse.ops import model_events

BASELINE = "baseline_"
WIDTH, HEIGHT = 640, 120
# By role and version, the values of a metric by day.
Lines = dict[tuple[str, int], dict[dt.date, float]]


def content(night: Night) -> dict[str, Any]:
    """Charts of loss and calibration gap, and of what is estimated before labels; worth and deciders where they are declared.

    ``charts`` is empty, and ``waits`` says for what, while no label has matured.
    """
    loss = metric_names.LOSS[night.use_case.model.task]
    losses, gaps = _lines(night, loss), _lines(night, metric_names.CALIBRATION_GAP)
    limit = None if night.measured else night.use_case.drift.max_calibration_gap
    charts = []
    estimated = {name: found for name in (loss, *expected.OTHERS) if (found := expected.of_metric(night, name))}
    if losses or loss in estimated:
        judged = None if night.profile is None else night.profile.metrics.get(loss)
        rise = None if night.measured else night.use_case.drift.max_loss_rise
        limits = [judged + rise] if judged is not None and rise is not None else []
        charts.append(
            _chart(
                night,
                loss.replace("_", " "),
                losses,
                judged,
                limits,
                from_zero=loss not in estimated,
                before=estimated.get(loss),
            )
        )
    for name in expected.OTHERS:
        if name in estimated:
            judged = None if night.profile is None else night.profile.metrics.get(name)
            lines = _lines(night, name)
            charts.append(_chart(night, words.metric(name), lines, judged, [], from_zero=False, before=estimated[name]))
    if gaps:
        limits = [limit, -limit] if limit is not None else []
        charts.append(_chart(night, "calibration gap, mean score minus mean label", gaps, 0.0, limits, from_zero=False))
    return {
        "charts": charts,
        "waits": "" if losses else _waits(night),
        "baselines": _baselines(night, loss),
        "loss": loss.replace("_", " "),
        "worth": worth.content(night),
        "deciders": deciders.content(night),
        **expected.content(night),
    }


def _lines(night: Night, metric: str) -> Lines:
    found: Lines = {}
    for row in night.metric(metric):
        if row["labelled_rows"] and row["partition"] in night.days:
            found.setdefault((row["role"], row["model_version"]), {})[row["partition"]] = float(row["value"])
    return found


def _chart(
    night: Night,
    name: str,
    lines: Lines,
    usual: float | None,
    limits: Sequence[float],
    from_zero: bool,
    before: Expected | None = None,
) -> dict[str, Any]:
    """Lines by version; ``usual`` is what the champion had when it was judged, ``before`` what was estimated before labels."""
    known = [value for by_day in lines.values() for value in by_day.values()]
    known += [*limits, *([] if usual is None else [usual])]
    known += expected.span(before or {}, known)
    low, high = (0.0 if from_zero else min(known)), max(known)
    room = 0.08 * ((high - low) or 1.0)
    frame = Frame(len(night.days), low if from_zero else low - room, high + room, WIDTH, HEIGHT, 6)
    drawn = []
    # The champion is drawn last, above the others.
    for (role, version), by_day in sorted(lines.items(), key=lambda line: (line[0][0] == registry.CHAMPION, line[0])):
        values = [by_day.get(day) for day in night.days]
        last = max(by_day)
        drawn.append(
            {
                "role": role,
                "name": f"{role}, version {version}",
                "line": frame.line(values),
                "told": f"{words.number(by_day[last])} on {last}",
            }
        )
    realised = {version: by_day for (role, version), by_day in lines.items() if role == registry.CHAMPION}
    return {
        **({"estimates": expected.drawn(night, before, realised, frame)} if before else {}),
        "name": name,
        "width": WIDTH,
        "height": HEIGHT,
        "lines": drawn,
        "usual": None if usual is None else frame.y(usual),
        "usual_value": None if usual is None else words.number(usual),
        "limits": [frame.y(limit) for limit in limits],
        "limit_values": " and ".join(words.number(limit) for limit in limits),
        "promoted": [frame.x(place) for place in timeline.promotions(night)],
        "first": night.days[0],
        "last": night.days[-1],
        "low": words.number(frame.low),
        "high": words.number(frame.high),
    }


def _waits(night: Night) -> str:
    days = night.use_case.maturity_days
    first = min(night.verdicts) + dt.timedelta(days=days)
    due = (
        f"the first ones are due on {first}" if first > night.day else f"those of days to {night.last_matured} are due"
    )
    return f"No labels of scored days have matured yet. They are known {days} days after their day: {due}."


def _baselines(night: Night, loss: str) -> list[tuple[str, str]]:
    """On the holdout of the champion: its own loss, and those of simple models, as training recorded them."""
    for event in reversed(night.events):
        if event.event == model_events.REGISTERED and event.model_version == night.version:
            measured = event.evidence.get("metrics") or {}
            named = [("the model", measured.get("model") or {})]
            named += [
                (f"{name.removeprefix(BASELINE)} baseline", values or {})
                for name, values in sorted(measured.items())
                if name.startswith(BASELINE)
            ]
            return [(name, words.number(values[loss])) for name, values in named if values.get(loss) is not None]
    return []
