"""On which days a use case scores: every day, on days of the week, or on days of the month. Pure functions of dates."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.section import Section, refuse, twice

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
DAILY, LAST = "daily", "last"
DAY = dt.timedelta(days=1)


class Rhythm(Section):
    """The scored days: those of ``weekly`` or of ``monthly``; with neither, every day.

    ``last`` is the last day of a month. A day that a month lacks, such as 31 in June, is left out in that month: it is not moved
    to another one.
    """

    weekly: tuple[Weekday, ...] | None = Field(default=None, min_length=1)
    monthly: tuple[int | Literal["last"], ...] | None = Field(default=None, min_length=1)

    @field_validator("monthly", mode="before")
    @classmethod
    def _are_days_of_a_month(cls, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if one != LAST and not (isinstance(one, int) and 1 <= one <= 31):
                raise ValueError(f"days from 1 to 31 and last are expected, found {one!r}")
        return value

    @model_validator(mode="after")
    def _is_one(self) -> Rhythm:
        if self.weekly is not None and self.monthly is not None:
            raise ValueError("weekly, monthly: expected one of them, found both")
        refuse([*twice("weekly", self.weekly or ()), *twice("monthly", map(str, self.monthly or ()))])
        return self

    @property
    def daily(self) -> bool:
        """Whether every day is scored."""
        return self.weekly is None and self.monthly is None

    def includes(self, day: dt.date) -> bool:
        """Whether the day is scored."""
        if self.weekly is not None:
            return WEEKDAYS[day.weekday()] in self.weekly
        if self.monthly is not None:
            return day.day in self.monthly or (LAST in self.monthly and day.day == _length(day.year, day.month))
        return True

    def between(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """The scored days from ``first`` to ``last``, both included, in order; none where ``last`` lies before ``first``."""
        days = (first + dt.timedelta(days=offset) for offset in range((last - first).days + 1))
        return [day for day in days if self.includes(day)]

    def newest(self, last: dt.date, count: int) -> list[dt.date]:
        """The newest ``count`` scored days up to ``last``, oldest first."""
        if self.daily:
            return [last - dt.timedelta(days=back) for back in reversed(range(count))]
        return self._steps(last, -DAY, count)[::-1]

    def after(self, day: dt.date, count: int) -> dt.date:
        """The ``count``-th scored day after ``day``."""
        if self.daily:
            return day + dt.timedelta(days=count)
        return self._steps(day + DAY, DAY, count)[-1]

    def _steps(self, day: dt.date, step: dt.timedelta, count: int) -> list[dt.date]:
        found: list[dt.date] = []
        while len(found) < count:
            if self.includes(day):
                found.append(day)
            day += step
        return found

    def ranges(self, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
        """The days as ranges within which no other day is scored: first and last of each."""
        first = before = None
        for day in sorted(days):
            if first is None or before is None:
                first = day
            elif self.between(before + DAY, day - DAY):
                yield first, before
                first = day
            before = day
        if first is not None and before is not None:
            yield first, before

    def __str__(self) -> str:
        """In words: ``weekly on monday, thursday``."""
        if self.daily:
            return DAILY
        on = self.weekly if self.weekly is not None else self.monthly or ()
        return f"{'weekly' if self.weekly is not None else 'monthly'} on {', '.join(map(str, on))}"


@lru_cache(maxsize=4096)
def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
