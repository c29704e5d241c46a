"""What an alarm says: what, where, since when, how sure, what to do; a row of the drift table where alarms are measured."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from jobs.monitor.verdict import DriftCheck
from lakehouse.evaluation.training_days import ALL

# Beyond so many days "once in" says nothing more.
MOST_DAYS = 1e9

# What the columns of the drift table say of a row that is no finding.
NONE: dict[str, Any] = {
    "slice": ALL,
    "slice_value": ALL,
    "since": None,
    "days": None,
    "chance": None,
    "once_in_days": None,
    "newest_chance": None,
    "advice": None,
}


@dataclass(frozen=True)
class Finding(DriftCheck):
    """A measured statistic with its chance.

    Attributes:
        slice, slice_value: of which rows; ``all`` for the whole.
        since: from which day on it stands out most.
        days: of the window that shows it most clearly.
        chance: the probability that an ordinary window shows as much; one of several tests.
        once_in_days: the days after which chance alone shows as much in anything of what is watched.
        newest_chance: of the newest days alone, given how long a deviation lasts: whether it is more than a spell; of what is
            violated.
        advice: what to do.
    """

    slice: str = ALL
    slice_value: str = ALL
    since: dt.date | None = None
    days: int | None = None
    chance: float | None = None
    once_in_days: float | None = None
    newest_chance: float | None = None
    advice: str | None = None


def where(slice_name: str, value: str) -> str:
    """The slice in words, empty for the whole."""
    return "" if slice_name == ALL else f" where {slice_name} is {value}"


def how_seldom(once_in_days: float) -> str:
    """How sure it is, in words."""
    if once_in_days >= 1e6:
        return "by chance less than once in a million days"
    if once_in_days < 2:
        return "ordinary"
    return f"by chance once in {_rounded(once_in_days):,} days"


def _rounded(number: float) -> int:
    """To two digits: the second is uncertain already."""
    return int(float(f"{number:.1e}"))
