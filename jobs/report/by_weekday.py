"""What is found day by day, beside training's days of the same weekday: measured alarms compare Mondays with Mondays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jobs.report import words
from jobs.report.night import Night, of_all
from lakehouse.evaluation.packed_numbers import Whole

# Days that are drawn at most, the newest.
MOST_DAYS = 14


def table(night: Night, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """A finding by day.

    Args:
        night: whose.
        row: of the drift table, of a column.

    Returns:
        ``what`` is told of a day, and ``days``, each with ``day``, ``now`` and ``usual``, the mean of training's days of
        that weekday (of all days, where there are too few of each); None where the finding is not counted by day.
    """
    # Both take scipy, which a page of declared limits does without.
    from jobs.monitor.alarms import weekdays
    from jobs.monitor.alarms.reference import Reference

    profile = night.profile
    history = None if profile is None else profile.history
    if profile is None or history is None or row["statistic"] not in ("missing", "beyond", "moved", "volume"):
        return None
    column = Reference(profile, history).features.get(_column(night, row))
    if column is None:
        return None
    if not of_all(row) and (row["slice"], row["slice_value"]) not in history.slices:
        return None
    series = 0 if of_all(row) else 1 + history.slices.index((row["slice"], row["slice_value"]))
    window, volume = night.window()[-MOST_DAYS:], row["statistic"] == "volume"
    counts = _by_day(night, column.name, series)

    def told(of: Whole) -> tuple[float, float]:
        """Of rows by bin how many count, and what is told of them, times that."""
        rows, known = float(of.sum()), float(of[:-1].sum())
        if row["statistic"] == "missing":
            return rows, float(of[-1])
        if row["statistic"] == "beyond":
            return known, float(of[column.outside].sum())
        if row["statistic"] == "moved":
            return known, float(of @ column.ranks) / max(column.deviation, 1e-9)
        return 1.0, rows

    present, rows_of_days = column.counts[series].sum(axis=-1) > 0, history.rows_of_days
    weekday = weekdays.of_days(history.days)
    group = weekdays.groups(weekday, present)
    usual = dict[int, list[tuple[float, float]]]()
    for place in np.flatnonzero(present).tolist():
        # Of a history of very many rows a part is counted.
        its = (1.0, float(rows_of_days[place])) if volume else told(column.counts[series][place])
        usual.setdefault(int(group[weekday[place]]), []).append(its)
    means = {of: sum(part for _, part in its) / max(sum(n for n, _ in its), 1e-9) for of, its in usual.items()}
    days = []
    for day in window:
        rows, part = told(counts[day]) if day in counts else (0.0, 0.0)
        days.append(
            {
                "day": day,
                "now": _shown(row["statistic"], part / rows if rows else None),
                "usual": _shown(row["statistic"], means.get(int(group[day.weekday()]))),
            }
        )
    what = {
        "missing": "share without a value",
        "beyond": "share beyond training's range",
        "moved": "mean, in standard deviations of training's ranks",
        "volume": "rows",
    }[row["statistic"]]
    same = "training's days of the same weekday" if len(set(group.tolist())) > 1 else "training's days"
    return {"what": what, "usual": same, "days": days}


def _column(night: Night, row: Mapping[str, Any]) -> str:
    """The column to count: of the number of scored rows any one."""
    if row["statistic"] == "volume" and row["feature"] == "rows":
        return next(iter(night.counted.features), "")
    return str(row["feature"])


def _by_day(night: Night, name: str, series: int) -> dict[Any, Whole]:
    if series == 0:
        return dict(night.counted.features.get(name, {}))
    return {day: of[series - 1] for day, of in night.counted.sliced.get(name, {}).items()}


def _shown(statistic: str, value: float | None) -> str:
    if value is None:
        return words.number(None)
    if statistic == "volume":
        return f"{value:,.0f}"
    return f"{value:+.2f}" if statistic == "moved" else words.share(value)
