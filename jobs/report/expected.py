"""How good the scores are expected to turn out, before their labels come: what the table of estimates says, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from jobs.report import words
from jobs.report.drawing import Frame
from jobs.report.night import Night

# Beside the loss: that of a yes or no, and of several classes.
OTHERS = ("roc_auc", "accuracy")
# So many errors the band has to each side.
ERRORS = 2
MEANS = (
    "The model expects to do worse on these rows than on those it was judged by. Its scores alone say so: no label has "
    "confirmed it yet."
)
TO_DO = (
    "Look at what has moved among the features, below, and at its source; wait for the labels, which alone show how good the "
    "scores are."
)
# By version of the champion, the estimates of a metric by day.
Expected = Mapping[int, Mapping[dt.date, Mapping[str, Any]]]


def of_metric(night: Night, metric: str) -> Expected:
    """The estimates of all rows of the champions' days; empty where none are declared or known."""
    found: dict[int, dict[dt.date, Mapping[str, Any]]] = {}
    for row in night.estimates:
        if row["metric"] == metric and row["estimated"] is not None and row["partition"] in night.days:
            found.setdefault(row["model_version"], {})[row["partition"]] = row
    return found


def ends(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """The lower and upper end of the band; None where the error is not known."""
    if row["error"] is None:
        return None
    middle, room = float(row["estimated"]), ERRORS * float(row["error"])
    # None of the metrics is below 0, and what is no loss not above 1.
    return max(middle - room, 0.0), min(middle + room, 1.0) if row["metric"] in OTHERS else middle + room


def span(expected: Expected, known: list[float]) -> list[float]:
    """Values that a picture has to hold: a band of few rows that is far wider than all that came is cut off."""
    rows = [row for by_day in expected.values() for row in by_day.values()]
    middles = [float(row["estimated"]) for row in rows]
    most = 1.5 * max([*middles, *known], default=0.0)
    bands = [end for row in rows if (both := ends(row)) is not None for end in both]
    return [*middles, *(min(end, most) for end in bands)]


def drawn(night: Night, expected: Expected, realised: Mapping[int, Mapping[dt.date, float]], frame: Frame) -> Any:
    """Of each version the dashed line, its band, and what is told of it.

    Args:
        night: whose.
        expected: the estimates.
        realised: by version and day what the scores of the champion turned out to be.
        frame: of the picture.

    Returns:
        ``lines``, and ``waiting``: from where on no label is due, None where all are.
    """
    lines = []
    for version, by_day in sorted(expected.items()):
        of_days = [by_day.get(day) for day in night.days]
        bands = [None if row is None else ends(row) for row in of_days]
        lines.append(
            {
                "name": f"estimate of version {version}, made before labels",
                "line": frame.line([None if row is None else float(row["estimated"]) for row in of_days]),
                "band": frame.band(bands),
                "told": _told(by_day, realised.get(version, {})),
            }
        )
    matured = [place for place, day in enumerate(night.days) if day <= night.last_matured]
    last = matured[-1] if matured else -1
    half = (frame.x(1) - frame.x(0)) / 2
    waiting = None if last == len(night.days) - 1 else 0.0 if last < 0 else round(frame.x(last) + half, 1)
    return {"lines": lines, "waiting": waiting}


def _told(by_day: Mapping[dt.date, Mapping[str, Any]], realised: Mapping[dt.date, float]) -> str:
    """The newest in words, and how many of those whose labels have come were right."""
    newest = by_day[max(by_day)]
    said = words.number(float(newest["estimated"]))
    band = ends(newest)
    said += (
        f" ({words.number(band[0])} to {words.number(band[1])})" if band is not None else " (its error is not known)"
    )
    said += f" on {newest['partition']}"
    if newest["by_training"] is not None and newest["by_training"] != newest["estimated"]:
        said += f", {words.number(float(newest['by_training']))} by what training knew alone"
    both = [(realised[day], band) for day, row in by_day.items() if day in realised and (band := ends(row)) is not None]
    if both:
        inside = sum(low <= value <= high for value, (low, high) in both)
        said += f"; {inside} of the {len(both)} days whose labels have come lie within the band"
    return said


def worse(night: Night) -> list[Mapping[str, Any]]:
    """The day's rows that say that the model expects to do worse than chance makes it: findings, or facts of declared limits."""
    return [row for row in night.of_day if _is_worse(row, night.measured)]


def facts(night: Night) -> list[str]:
    """Those that violate nothing, in words."""
    return [
        f"{words.reason(row)}. Since {_since(night, row)}, limit {words.value(row['statistic'], row['limit'])}."
        for row in worse(night)
        if not row["violated"]
    ]


def content(night: Night) -> dict[str, Any]:
    """Whether it is expected to be worse, and why there is no estimate; nothing at all where none is declared."""
    if night.use_case.drift.estimate is None:
        return {}
    missing = [str(row["reason"]) for row in night.of_day if row["kind"] == words.ESTIMATE and row["value"] is None]
    return {"expected": {"worse": bool(worse(night)), "missing": missing}}


def _is_worse(row: Mapping[str, Any], measured: bool) -> bool:
    if row["kind"] != words.ESTIMATE or row["value"] is None:
        return False
    return bool(row["violated"]) if measured else row["limit"] is not None and row["value"] > row["limit"]


def _since(night: Night, row: Mapping[str, Any]) -> dt.date:
    """The first of the successive days with a verdict up to the day that have the fact."""
    same = {
        other["partition"]: _is_worse(other, night.measured)
        for other in night.rows
        if all(other[name] == row[name] for name in ("kind", "feature", "statistic"))
    }
    return night.first_in_a_row(same)
