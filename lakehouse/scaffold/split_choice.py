"""A split that fits the sample's days: train, validation and holdout behind one another, with an embargo between them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from lakehouse.errors import BadArguments

# Of the rows with labels, as long as no part has fewer than a day.
VALIDATION_SHARE, HOLDOUT_SHARE = 0.15, 0.15
# Training looks no further back than this where that is enough.
ENOUGH_DAYS, ENOUGH_ROWS = 365, 20_000
# No window reaches further.
FURTHEST = 3_660
# A training needs so many rows with a label.
TRAIN_ROWS = 200


@dataclass(frozen=True)
class SplitChoice:
    """Windows in days back from the day of training, each from ``first`` to ``last``, and how many rows each has.

    Attributes:
        day: the newest day of the sample: the one that is trained for and scored.
        first_day: the first day of training.
    """

    day: dt.date
    first_day: dt.date
    train: tuple[int, int]
    validation: tuple[int, int]
    holdout: tuple[int, int]
    rows: tuple[int, int, int]


def choose(rows_by_day: Mapping[dt.date, int], maturity: int) -> SplitChoice:
    """Windows for a training on the newest day, with labels that arrive so many days after theirs.

    Raises:
        BadArguments: when there are too few days.
    """
    day = max(rows_by_day)
    counts = {(day - other).days: rows for other, rows in rows_by_day.items()}
    known = {back: rows for back, rows in counts.items() if max(maturity, 1) <= back <= FURTHEST}
    recent: list[int] = []
    rows = 0
    for back in sorted(known):
        if back <= ENOUGH_DAYS or rows < ENOUGH_ROWS:
            recent.append(back)
            rows += known[back]
    total = sum(known[back] for back in recent)
    holdout = _newest(recent, known, HOLDOUT_SHARE * total)
    before = [back for back in recent if holdout and back > holdout[-1] + maturity]
    validation = _newest(before, known, VALIDATION_SHARE * total)
    train = [back for back in before if validation and back > validation[-1] + maturity]
    if not train:
        least = 2 * maturity + 3
        raise BadArguments(
            f"--from: expected days enough to train, tune and judge on, with {maturity} day(s) between for labels to arrive: at "
            f"least {least} days with labels before the newest, found {len(known)}; give more days, or let labels arrive sooner "
            "by --label-arrives-after"
        )
    windows = {
        "holdout": (holdout[-1], max(maturity, 1)),
        "validation": (validation[-1], holdout[-1] + maturity + 1),
        "train": (train[-1], validation[-1] + maturity + 1),
    }
    return SplitChoice(
        day,
        day - dt.timedelta(days=train[-1]),
        windows["train"],
        windows["validation"],
        windows["holdout"],
        (
            sum(map(known.__getitem__, train)),
            sum(map(known.__getitem__, validation)),
            sum(map(known.__getitem__, holdout)),
        ),
    )


def _newest(backs: list[int], rows: Mapping[int, int], wanted: float) -> list[int]:
    """The newest of these days, until they have so many rows; a third of the days at most."""
    taken: list[int] = []
    for back in backs[: max(1, len(backs) // 3)]:
        taken.append(back)
        if sum(rows[one] for one in taken) >= wanted:
            break
    return taken


@dataclass(frozen=True)
class VolumeChoice:
    """Limits of a day's number of rows, as shares of the median of the days before it; and the shares that were seen."""

    at_least: float
    at_most: float
    seen: tuple[float, float]


def volume(rows_by_day: Mapping[dt.date, int], of_days: int = 28, min_days: int = 7) -> VolumeChoice | None:
    """Limits that every day of the sample keeps, twice as wide as it needs; None where the sizes say nothing."""
    shares = []
    for day, rows in rows_by_day.items():
        first = day - dt.timedelta(days=of_days)
        before = [count for other, count in rows_by_day.items() if first <= other < day]
        if len(before) >= min_days:
            shares.append(rows / median(before))
    if len(shares) < min_days:
        return None
    low, high = min(shares), max(shares)
    if low < 0.05 or high > 20:
        return None
    return VolumeChoice(math.floor(low * 50) / 100, max(1.0, math.ceil(high * 200) / 100), (low, high))
