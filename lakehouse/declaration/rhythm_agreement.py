"""Whether the windows of a use case fit its rhythm: every training finds scored days in each of them."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from lakehouse.declaration.rhythm import Rhythm

if TYPE_CHECKING:
    from lakehouse.declaration.learning import Days
    from lakehouse.declaration.use_case import UseCase

# Days of training that stand for all: the lengths of months repeat every four years, but for a century without a leap day. A window
# reaches back ten years at most, so each is counted from the year before which nothing is read.
_ERAS = (
    (dt.date(2009, 12, 1), dt.date(2020, 1, 1), dt.date(2023, 12, 31)),
    (dt.date(2089, 12, 1), dt.date(2100, 1, 1), dt.date(2111, 12, 31)),
)


def problems(use_case: UseCase) -> Iterator[str]:
    """What does not fit. A use case that scores daily has none."""
    calendar = use_case.calendar
    rhythm = calendar.scores
    if rhythm.daily:
        return
    if calendar.end is not None and not rhythm.between(calendar.start, calendar.end):
        yield f"calendar.scores: {rhythm}: no day from {calendar.start} to {calendar.end} is scored; expected at least one"
    for name in ("train", "validation", "holdout"):
        window: Days = getattr(use_case.split, name)
        least, day = fewest(rhythm, window)
        if least == 0:
            begin, end = (day - dt.timedelta(days=back) for back in (window.first, window.last))
            yield (
                f"split.{name}: a training for the scored day {day} would find no scored day from {begin} to {end} "
                f"(calendar.scores: {rhythm}); expected a window that has one in every training, such as a longer one"
            )
        elif name == "train" and least < use_case.drift.window_days:
            yield (
                f"drift.window_days: counts scored days (calendar.scores: {rhythm}), and the train window may have only {least} "
                f"of them, too few to tell what ordinary is; expected at most {least}, found {use_case.drift.window_days}"
            )


def fewest(rhythm: Rhythm, window: Days) -> tuple[int, dt.date]:
    """The least number of scored days in the window of a training for any scored day, and the first such day of training."""
    counted = []
    for first, trained_from, trained_to in _ERAS:
        scored = _scored(rhythm, first, trained_to)
        for day in scored[bisect_left(scored, trained_from.toordinal()) :]:
            count = bisect_right(scored, day - window.last) - bisect_left(scored, day - window.first)
            counted.append((count, day))
    least, day = min(counted)
    return least, dt.date.fromordinal(day)


@lru_cache(maxsize=256)
def _scored(rhythm: Rhythm, first: dt.date, last: dt.date) -> list[int]:
    return [day.toordinal() for day in rhythm.between(first, last)]
