"""The answer for people: a line a week, and how the models stand over all weeks."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from jobs.backtest.past_week import PastWeek
from jobs.backtest.summary import Standing


def text(weeks: Sequence[PastWeek], standings: Sequence[Standing]) -> str:
    """Both tables."""
    return "\n".join([_by_week(weeks, standings), "", overall(standings)])


def _by_week(weeks: Sequence[PastWeek], standings: Sequence[Standing]) -> str:
    names = [one.model for one in standings]
    metric = standings[0].metric if standings else ""
    rows = [
        (
            week.first,
            week.rows,
            week.chosen or "-",
            week.verdict or "-",
            week.champion_of or "-",
            *(_number(week.metrics.get(name, {}).get(metric)) for name in names),
        )
        for week in weeks
    ]
    head = ("week of", "rows", "chosen", "gate", "champion of", *(_words(name) for name in names))
    return f"{_words(metric)} by week\n{tabulate(rows, headers=head, disable_numparse=True)}"


def overall(standings: Sequence[Standing]) -> str:
    """How each model stands against the lifecycle."""
    if not standings:
        return "no week has labels yet"
    names = list(standings[0].means)
    rows = [
        (
            _words(one.model),
            one.weeks,
            *(_number(one.means[name]) for name in names),
            "" if one.gain is None else f"{one.gain:+.4f}",
            "" if one.low is None or one.high is None else f"{one.low:+.4f} to {one.high:+.4f}",
            "" if one.gain is None else f"{one.worse} of {one.weeks}",
        )
        for one in standings
    ]
    head = ("model", "weeks", *map(_words, names), "lifecycle better by", "95 % interval", "weeks worse")
    return f"means over weeks\n{tabulate(rows, headers=head, disable_numparse=True)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _words(name: str) -> str:
    return name.replace("_", " ")
