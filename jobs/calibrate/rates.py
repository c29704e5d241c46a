"""Rates of false alarms, each with the interval that so few independent days allow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from scipy import stats

from lakehouse.declaration import Rhythm

LEVEL = 0.95
YEAR = 365
DAILY = Rhythm()
# Every day of the week and of the month comes in them as often as it does in the long run.
SOME_YEARS = DAILY.between(dt.date(2001, 1, 1), dt.date(2028, 12, 31))


@dataclass(frozen=True)
class Rate:
    """How many of the measured were beyond the limit, and the 95 % interval of the share (Clopper and Pearson 1934).

    Attributes:
        beyond: how many were.
        measured: of how many.
        share: one by the other.
        low: lower end.
        high: upper end. Of none beyond it is nearly the rule of three: 3 of the independent ones.
        effective: how many independent ones the measured stand for. The interval counts these.
    """

    beyond: int
    measured: int
    share: float
    low: float
    high: float
    effective: float

    @classmethod
    def of(cls, beyond: Iterable[bool], effective: float) -> Rate | None:
        """The rate among the measured; None when there is none."""
        found = list(beyond)
        if not found:
            return None
        count, independent = sum(map(bool, found)), max(1.0, min(effective, float(len(found))))
        share = count / len(found)
        some = share * independent
        tail = (1 - LEVEL) / 2
        low = 0.0 if count == 0 else float(stats.beta.ppf(tail, some, independent - some + 1))
        high = 1.0 if count == len(found) else float(stats.beta.ppf(1 - tail, some + 1, independent - some))
        # Of less than one independent alarm the ends are pulled towards the middle.
        return cls(count, len(found), share, min(low, share), max(high, share), independent)

    def __str__(self) -> str:
        """As people read it: ``3 of 57 (5 %, 1 to 18 %)``."""
        return (
            f"{self.beyond} of {self.measured} ({_percent(self.share)}, {_percent(self.low)} to {_percent(self.high)})"
        )


@dataclass(frozen=True)
class Exposure:
    """The days of one model's watch on which it might have been replaced, up to the first that asked for it.

    Attributes:
        days: on which the cool-down had passed.
        asked: whether the last of them asked for a retraining.
    """

    days: tuple[dt.date, ...]
    asked: bool


@dataclass(frozen=True)
class Retrainings:
    """Needless retrainings a year, with a 95 % interval (Poisson, Garwood 1936).

    Attributes:
        models: watched beyond their cool-down.
        asked: how many of them asked for a retraining on ordinary days.
        days: different scored days on which one might have.
        a_year: how many that makes a year, cool-downs counted.
        low: lower end.
        high: upper end.
    """

    models: int
    asked: int
    days: int
    a_year: float
    low: float
    high: float

    @classmethod
    def of(cls, exposures: Iterable[Exposure], cooldown_days: int, rhythm: Rhythm = DAILY) -> Retrainings | None:
        """From the watches of several models, whose days may be the same; None when the cool-down left no day.

        Args:
            exposures: of each watch, in scored days.
            cooldown_days: days of the calendar.
            rhythm: which of these are scored.
        """
        watched = [exposure for exposure in exposures if exposure.days]
        if not watched:
            return None
        asked, model_days = sum(one.asked for one in watched), sum(len(one.days) for one in watched)
        days = len({day for one in watched for day in one.days})
        # Two models on one day see the same day: together they count once.
        events = asked * days / model_days
        tail = (1 - LEVEL) / 2
        low = float(stats.chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
        high = float(stats.chi2.ppf(1 - tail, 2 * events + 2)) / 2

        # A scored day stands for the days to the next one.
        stretch = days * len(SOME_YEARS) / len(rhythm.between(SOME_YEARS[0], SOME_YEARS[-1]))

        def a_year(count: float) -> float:
            return YEAR / (stretch / count + cooldown_days) if count else 0.0

        return cls(len(watched), asked, days, a_year(events), a_year(low), a_year(high))

    def __str__(self) -> str:
        """As people read it: ``1 of 8 models, 2.1 a year (0.1 to 9.3)``."""
        return f"{self.asked} of {self.models} models, {self.a_year:.1f} a year ({self.low:.1f} to {self.high:.1f})"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".removesuffix(".0") + " %"
