"""The plan of the walk: for which days a model is trained, and until when each is watched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing

# Models are trained whole weeks apart, so that each meets the same weekdays.
WEEK = 7
# Where training takes whatever there is (a split that begins years back), the first model has so many days of it.
FEWEST_TRAIN_DAYS = 28


@dataclass(frozen=True)
class Refit:
    """A model to train as of ``day``, and the last day on which it is watched."""

    day: dt.date
    watched_through: dt.date


@dataclass(frozen=True)
class Plan:
    """The refits in order, and the first day of which rows are read."""

    read_from: dt.date
    refits: tuple[Refit, ...]

    @property
    def first(self) -> dt.date:
        """The first day that is watched."""
        return self.refits[0].day

    @property
    def last(self) -> dt.date:
        """The last day that is watched."""
        return self.refits[-1].watched_through


def make(use_case: UseCase, built: Collection[dt.date], first: dt.date | None, last: dt.date, refits: int) -> Plan:
    """Spread the refits evenly over the ordinary days, the last one so that its labels can still mature.

    Args:
        use_case: declares split, maturity and windows.
        built: the days that have features.
        first: the first ordinary day; None for as early as there is enough to train on.
        last: the last ordinary day.
        refits: how many at most.

    Raises:
        TrainingDataMissing: when not even one model can be trained and watched; says how many days are needed.
    """
    known = sorted(day for day in built if use_case.calendar.start <= day <= last)
    if not known:
        raise TrainingDataMissing(
            f"{use_case.name}: expected features of ordinary days up to {last}, found none; build them: "
            f"python -m jobs features --use-case {use_case.name} --partition {use_case.calendar.start} --through {last}"
        )
    begin, end = known[0], known[-1]
    earliest = begin + dt.timedelta(days=_until_first_refit(use_case, (end - begin).days + 1))
    earliest = max(earliest, first or earliest)
    latest = end - dt.timedelta(days=_watched_at_least(use_case) - 1)
    if earliest > latest:
        raise TrainingDataMissing(_too_short(use_case, begin, end, first))
    weeks = (latest - earliest).days // WEEK
    step = dt.timedelta(days=WEEK * (weeks // refits + 1))
    days = [latest - step * number for number in range(weeks * WEEK // step.days + 1)][::-1]
    # Watched until the next one takes over, and long enough for labels and cool-down.
    span = max(_watched(use_case), step.days)
    read_from = max(begin, days[0] - dt.timedelta(days=use_case.split.train.first))
    return Plan(read_from, tuple(Refit(day, min(end, day + dt.timedelta(days=span - 1))) for day in days))


def _until_first_refit(use_case: UseCase, days: int) -> int:
    """Days from the first with features to the first refit: by then half of the rows that the last one can learn from are there.

    A model of much less would be another model than the one whose limits are asked for.
    """
    train = use_case.split.train
    declared = train.first - train.last + 1
    length = min(declared, max(days - train.last, 1))
    half = max((length + 1) // 2, min((declared + 1) // 2, FEWEST_TRAIN_DAYS))
    return train.last + half - 1


def _watched_at_least(use_case: UseCase) -> int:
    """Days that a model has to be watched for one whole window of matured labels."""
    return use_case.label.maturity_days + use_case.drift.window_days


def _watched(use_case: UseCase) -> int:
    """Days that a model is watched where there are so many: two windows with labels, or until it can ask for a retraining."""
    drift = use_case.drift
    return use_case.label.maturity_days + max(2 * drift.window_days, drift.cooldown_days + drift.of_days)


def _too_short(use_case: UseCase, begin: dt.date, end: dt.date, first: dt.date | None) -> str:
    watched = _watched_at_least(use_case)
    needed = next(days for days in range(1, 10_000) if _until_first_refit(use_case, days) + watched <= days)
    found = (end - begin).days + 1
    message = (
        f"{use_case.name}: expected features and labels of at least {needed} days up to {end}, of which the split takes "
        f"{needed - watched} before the first model and {watched} are watched (label.maturity_days and drift.window_days), "
        f"found {found} days, {begin} to {end}"
    )
    if found >= needed and first is not None:
        return f"{message}, of which the ordinary ones begin with {first}; begin earlier, or end later"
    return f"{message}; build more days, end later, or shorten split.train"
