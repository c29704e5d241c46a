"""The watched slices: how many rows each has, what is missing in them, and how good their scores turned out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from jobs.monitor import performance
from jobs.monitor.alarms import matured
from jobs.report import words
from jobs.report.night import Night, of_all
from lakehouse.declaration import metric_names
from lakehouse.evaluation.training_days import ALL
from lakehouse.models import registry

# Of more slices the page has the worst ones.
MOST = 100
Slice = tuple[str, str]


def content(night: Night) -> dict[str, Any]:
    """A line a slice of the champion's version, the greatest loss first.

    Returns:
        ``lines``: each with ``name``, ``value``, ``rows`` and ``share`` of the scored rows of the matured window, ``missing`` (of
        measured alarms: the share of feature values that are not there, in the window), ``loss``, ``judged`` (the loss when the
        model was judged), ``gap``, and ``violated``: what is beyond chance in it; ``left_out``: how many more slices there are.
    """
    task = night.use_case.model.task
    measured = matured.by_slice(night.performance, registry.CHAMPION, night.version, task)
    window = set(night.matured_window())
    found = {
        of: performance.over([its for day, its in by_day.items() if day in window], task)
        for of, by_day in measured.items()
        if of[0] != ALL and any(day in window for day in by_day)
    }
    missing, violated = _missing(night), _violated(night)
    rows = {of: _rows(night, of, window) for of in {*found, (ALL, ALL)}}
    total = rows[ALL, ALL]
    lines = [
        {
            "name": of[0],
            "value": of[1],
            "rows": words.number(rows[of]) if of in rows else words.NONE,
            "share": words.share(rows[of] / total) if of in rows and total else words.NONE,
            "missing": words.share(missing.get(of)),
            "loss": words.number(found[of].loss if of in found else None),
            "judged": words.number(_judged(night, of)),
            "gap": f"{found[of].gap:+.3f}" if of in found else words.NONE,
            "violated": violated.get(of, ""),
        }
        for of in sorted({*found, *missing, *violated}, key=lambda of: (-_loss(found, of), of))
    ]
    return {
        "lines": lines[:MOST],
        "left_out": max(len(lines) - MOST, 0),
        "loss": metric_names.LOSS[task].replace("_", " "),
        "measured": bool(missing),
        "names": night.use_case.slices,
    }


def _loss(found: Mapping[Slice, performance.Matured], of: Slice) -> float:
    return found[of].loss if of in found else -np.inf


def _rows(night: Night, of: Slice, window: set[dt.date]) -> int:
    """Scored rows in the window, labelled or not: each day has them in every line of its metrics."""
    by_day = {
        row["partition"]: row["rows"]
        for row in night.performance
        if (row["slice"], row["slice_value"]) == of
        and row["partition"] in window
        and (row["role"], row["model_version"]) == (registry.CHAMPION, night.version)
        and row["metric"] == metric_names.LOSS[night.use_case.model.task]
    }
    return int(sum(by_day.values()))


def _missing(night: Night) -> dict[Slice, float]:
    """The share of feature values that are not there, over all features and the window's days."""
    history = None if night.profile is None else night.profile.history
    if history is None or not night.counted.sliced:
        return {}
    total, gone = np.zeros(len(history.slices)), np.zeros(len(history.slices))
    for by_day in night.counted.sliced.values():
        for of_slices in by_day.values():
            total += of_slices.sum(axis=1)
            gone += of_slices[:, -1]
    return {of: float(gone[place] / total[place]) for place, of in enumerate(history.slices) if total[place]}


def _violated(night: Night) -> dict[Slice, str]:
    told: dict[Slice, list[str]] = {}
    for row in night.of_day:
        if row["violated"] and not of_all(row):
            told.setdefault((row["slice"], row["slice_value"]), []).append(
                f"{row['feature']}: {words.statistic(row['statistic'])}"
            )
    return {of: "; ".join(said) for of, said in told.items()}


def _judged(night: Night, of: Slice) -> float | None:
    """The mean loss of the days that the model was judged on."""
    history = None if night.profile is None else night.profile.history
    for name, value, quality in () if history is None else history.quality:
        if (name, value) == of and any(quality.rows):
            mean = float(np.average(quality.loss, weights=quality.rows))
            return sqrt(mean) if night.use_case.model.task == "regression" else mean
    return None
