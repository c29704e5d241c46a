"""The days that a stage was asked for, divided into those that the use case scores and those that it does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jobs.result import Result
from lakehouse.declaration import UseCase
from lakehouse.staleness import nobody as nobody_there

# The status of a stage that was asked for days of which none is scored.
NOT_SCORED = "not scored"


@dataclass(frozen=True)
class AskedDays:
    """The days of a run, in order.

    Attributes:
        scored: those that the use case scores.
        others: those that it does not.
        message: which days are left out and why, in words; empty when there are none.
        nobody: of the others those on which nobody is in the population.
    """

    scored: list[dt.date]
    others: list[dt.date]
    message: str
    nobody: tuple[dt.date, ...] = ()

    @classmethod
    def of(cls, use_case: UseCase, days: Iterable[dt.date]) -> AskedDays:
        """Divided by the use case's rhythm."""
        rhythm = use_case.calendar.scores
        asked = list(days)
        scored = [day for day in asked if rhythm.includes(day)]
        others = [day for day in asked if not rhythm.includes(day)]
        if not others:
            return cls(scored, others, "")
        return cls(scored, others, f"{use_case.name}: {_left_out(others, asked)} (calendar.scores: {rhythm})")

    @classmethod
    def of_built(cls, use_case: UseCase, days: Iterable[dt.date]) -> AskedDays:
        """Divided by the rhythm, and by who is there: a day on which nobody is in the population is not scored."""
        asked = list(days)
        by_rhythm = cls.of(use_case, asked)
        nobody = nobody_there.days(use_case, by_rhythm.scored)
        if not nobody:
            return by_rhythm
        scored = [day for day in by_rhythm.scored if day not in nobody]
        others = [day for day in asked if day not in scored]
        words = f"{use_case.name}: {_left_out(nobody, asked)}: nobody is in the population"
        return cls(scored, others, "; ".join(filter(None, (by_rhythm.message, words))), tuple(nobody))


def _left_out(others: list[dt.date], asked: list[dt.date]) -> str:
    """Which days are not scored, in words."""
    which = (
        str(others[0]) if len(asked) == 1 else f"{len(others)} of the {len(asked)} days from {asked[0]} to {asked[-1]}"
    )
    return f"{which} {'is' if len(others) == 1 else 'are'} not scored"


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
