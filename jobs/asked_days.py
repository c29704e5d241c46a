"""The days that a stage was asked for, divided into those that the use case scores and those that it does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jobs.result import Result
from lakehouse.declaration import UseCase

# The status of a stage that was asked for days of which none is scored.
NOT_SCORED = "not scored"


@dataclass(frozen=True)
class AskedDays:
    """The days of a run, in order.

    Attributes:
        scored: those that the use case scores.
        others: those that it does not.
        message: which days are left out and why, in words; empty when there are none.
    """

    scored: list[dt.date]
    others: list[dt.date]
    message: str

    @classmethod
    def of(cls, use_case: UseCase, days: Iterable[dt.date]) -> AskedDays:
        """Divided by the use case's rhythm."""
        rhythm = use_case.calendar.scores
        asked = list(days)
        scored = [day for day in asked if rhythm.includes(day)]
        others = [day for day in asked if not rhythm.includes(day)]
        if not others:
            return cls(scored, others, "")
        which = (
            str(others[0])
            if len(asked) == 1
            else f"{len(others)} of the {len(asked)} days from {asked[0]} to {asked[-1]}"
        )
        verb = "is" if len(others) == 1 else "are"
        return cls(scored, others, f"{use_case.name}: {which} {verb} not scored (calendar.scores: {rhythm})")


@dataclass(frozen=True, kw_only=True)
class ScoredDaysResult(Result):
    """The result of a stage that works on scored days alone.

    Attributes:
        not_scored: the days that were asked for and are not scored; nothing was done for them.
    """

    not_scored: list[dt.date] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The JSON object; where every day is scored it has no ``not_scored``."""
        content = super().as_json()
        return content if self.not_scored else {name: value for name, value in content.items() if name != "not_scored"}
