"""How far the expected share of yes was off on days whose labels have matured: by so much the estimates of a day are moved.

A season that raises or lowers the rate of yes lasts, and no score shows it; the labels of the days before do. All chances of a day
are moved by one number in log-odds: what its newest 28 matured days were off by, of the same version, less where there are few.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation import base_rates
from lakehouse.evaluation.training_days import ALL
from lakehouse.storage import partition_rows

# So many matured days count as much as the curve of training: its own days were as few as some weeks.
PRIOR_DAYS = 3
# Shares of 0 and 1 have no log-odds.
SMALLEST = 1e-3
HITS, MISSES = "true_positives", "false_negatives"

# A day and the version that scored it.
Scored = tuple[dt.date, int]


@dataclass(frozen=True)
class MaturedDay:
    """The labelled rows of a day, the share of yes that training's curve expected of its scores, and the one that came."""

    rows: int
    expected: float
    came: float


def move(days: Sequence[MaturedDay]) -> float:
    """By how much chances are moved, in log-odds, after these days; 0 without any."""
    rows = sum(day.rows for day in days)
    if not rows:
        return 0.0
    came, expected = (sum(day.rows * getattr(day, name) for day in days) / rows for name in ("came", "expected"))
    return len(days) / (len(days) + PRIOR_DAYS) * (_log_odds(came) - _log_odds(expected))


def needed(use_case: UseCase, days: Iterable[dt.date]) -> set[dt.date]:
    """The matured days that the estimates of ``days`` look back at; none where the label is not yes or no."""
    return {past for day in days for past in base_rates.known_days(use_case, day)} if use_case.binary else set()


def moves(
    use_case: UseCase, days: Collection[dt.date], versions: Iterable[int], expected: Mapping[Scored, float]
) -> dict[Scored, float]:
    """By how much the chances of each day and version are moved.

    Args:
        use_case: whose performance table has what came.
        days: that are estimated.
        versions: that scored them.
        expected: of past days and versions the share of yes that training's curve expects.
    """
    lines = partition_rows.read(tables.performance(use_case), needed(use_case, days))
    came = _came(lines)
    found: dict[Scored, float] = {}
    for day in days:
        past = base_rates.known_days(use_case, day)
        for version in versions:
            known = [(one, version) for one in past if (one, version) in came and (one, version) in expected]
            found[day, version] = move([MaturedDay(came[one][0], expected[one], came[one][1]) for one in known])
    return found


def _came(lines: Iterable[Mapping[str, Any]]) -> dict[Scored, tuple[int, float]]:
    """Labelled rows and share of yes; of both roles of a version the same rows."""
    yes: dict[tuple[Scored, str], float] = {}
    rows: dict[tuple[Scored, str], int] = {}
    for line in lines:
        if line["slice"] == ALL and line["metric"] in (HITS, MISSES) and line["labelled_rows"]:
            key = ((line["partition"], line["model_version"]), line["role"])
            yes[key] = yes.get(key, 0.0) + line["value"]
            rows[key] = line["labelled_rows"]
    return {scored: (rows[scored, role], count / rows[scored, role]) for (scored, role), count in sorted(yes.items())}


def _log_odds(share: float) -> float:
    clipped = min(max(share, SMALLEST), 1 - SMALLEST)
    return log(clipped / (1 - clipped))
