"""The windows that end with a day: of few days, so that a sudden change is seen soon, and of many, so that a slow one is seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jobs.monitor.alarms import weekdays
from lakehouse.evaluation.packed_numbers import Whole

# A change is seen on its second day where rows are many, and on its third where they are fewer.
SHORT = (2, 3)
# What needs labels is pooled over longer windows too, so many times the declared one: there are few labels, and they come late.
PATIENT = (2, 4)
# What may not be there at all is looked at on its first day.
AT_ONCE = 1


@dataclass(frozen=True)
class Recent:
    """The days of the declared window that have rows, oldest first; ``longest`` is how many the window has.

    Of what needs labels also the days before them, for windows that are longer.
    """

    days: tuple[dt.date, ...]
    longest: int

    @classmethod
    def of(cls, newest: Sequence[dt.date], present: Collection[dt.date], longest: int | None = None) -> Recent:
        """Those of ``newest`` that are present: the days of the declared window, or more of them than the ``longest`` it has."""
        return cls(tuple(day for day in newest if day in present), longest or len(newest))

    @cached_property
    def weekday(self) -> Whole:
        """Shape (days,)."""
        return weekdays.of_days(self.days)

    def lengths(self, at_once: bool = False, patient: bool = False) -> list[int]:
        """How many days the windows have that there are enough days for."""
        # A day of the window without rows makes it shorter.
        asked = {*SHORT, min(self.longest, max(len(self.days), SHORT[-1]))} - {AT_ONCE}
        if at_once:
            asked.add(AT_ONCE)
        if patient:
            asked |= {times * self.longest for times in PATIENT}
        return sorted(length for length in asked if length <= len(self.days))

    def stacked(self, by_day: Mapping[dt.date, Any], shape: tuple[int, ...]) -> Whole:
        """The counts of the days along the second but last axis; shape (..., days, bins)."""
        zeros = np.zeros(shape, dtype=np.int64)
        return np.stack([np.asarray(by_day.get(day, zeros)) for day in self.days], axis=-2)
