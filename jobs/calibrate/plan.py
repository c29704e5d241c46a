"""The plan of the walk: for which days a model is trained, and until when each is watched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing

# Models are trained whole weeks apart, so that each meets the same weekdays, and a scored day of the week is one for each.
WEEK = 7
DAY = dt.timedelta(days=1)
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
        built: the scored days that have features.
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
    latest = _latest(use_case, end)
    if earliest > latest:
        raise TrainingDataMissing(_too_short(use_case, begin, end, first))
    candidates = _candidates(use_case, earliest, latest)
    days = candidates[:: (len(candidates) - 1) // refits + 1][::-1]
    # Watched until the next one takes over, and long enough for labels and cool-down.
    until = [
        max(_watched(use_case, day), next_day - DAY) for day, next_day in zip(days, [*days[1:], days[-1]], strict=True)
    ]
    oldest = min(days[0] - use_case.split.train.first * DAY, _window(use_case, days[0])[0])
    return Plan(max(begin, oldest), tuple(Refit(day, min(end, last)) for day, last in zip(days, until, strict=True)))


def _candidates(use_case: UseCase, earliest: dt.date, latest: dt.date) -> list[dt.date]:
    """The days that a model may be trained for, newest first: whole weeks apart, of days of a month each that is scored."""
    rhythm = use_case.calendar.scores
    if rhythm.monthly is not None:
        return rhythm.between(earliest, latest)[::-1]
    return [latest - WEEK * number * DAY for number in range((latest - earliest).days // WEEK + 1)]


def _until_first_refit(use_case: UseCase, days: int) -> int:
    """Days from the first with features to the first refit: by then half of the rows that the last one can learn from are there.

    A model of much less would be another model than the one whose limits are asked for.
    """
    train = use_case.split.train
    declared = train.first - train.last + 1
    length = min(declared, max(days - train.last, 1))
    half = max((length + 1) // 2, min((declared + 1) // 2, FEWEST_TRAIN_DAYS))
    return train.last + half - 1


def _window(use_case: UseCase, day: dt.date) -> list[dt.date]:
    """The scored days of the window that ends with ``day``."""
    return use_case.calendar.scores.newest(day, use_case.drift.window_days)


def _latest(use_case: UseCase, end: dt.date) -> dt.date:
    """The last day of training for which one whole window of matured labels is watched by ``end``."""
    return _window(use_case, end - use_case.maturity_days * DAY)[0]


def _watched(use_case: UseCase, day: dt.date) -> dt.date:
    """Until when a model of ``day`` is watched: for two windows with labels, or until it can ask for a retraining."""
    drift, rhythm = use_case.drift, use_case.calendar.scores
    two_windows = rhythm.after(day - DAY, 2 * drift.window_days)
    asks = rhythm.after(day + (drift.cooldown_days - 1) * DAY, drift.of_days)
    return max(two_windows, asks) + use_case.maturity_days * DAY


def _too_short(use_case: UseCase, begin: dt.date, end: dt.date, first: dt.date | None) -> str:
    watched = (end - _latest(use_case, end)).days + 1
    needed = next(days for days in range(1, 10_000) if _until_first_refit(use_case, days) + watched <= days)
    found = (end - begin).days + 1
    message = (
        f"{use_case.name}: expected features and labels of at least {needed} days up to {end}, of which the split takes "
        f"{needed - watched} before the first model and {watched} are watched (until labels of drift.window_days have matured), "
        f"found {found} days, {begin} to {end}"
    )
    if found >= needed and first is not None:
        return f"{message}, of which the ordinary ones begin with {first}; begin earlier, or end later"
    return f"{message}; build more days, end later, or shorten split.train"
