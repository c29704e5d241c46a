"""Which days of a table go: a pure function of what is there, what is declared, and what has to stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rule:
    """How many of the newest days stay, and in words who says so."""

    days: int
    said: str

    def __str__(self) -> str:
        """As it is recorded."""
        return f"{self.days} days ({self.said})"


@dataclass(frozen=True)
class Need:
    """Days that stay whatever is declared, from ``first`` to ``last``, and why."""

    first: dt.date
    last: dt.date
    why: str

    def has(self, day: dt.date) -> bool:
        """Whether it needs this day."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Decision:
    """The days that go, in order, and why each of the others that are older than declared stays."""

    going: list[dt.date] = field(default_factory=list)
    kept: dict[dt.date, str] = field(default_factory=dict)


def decide(present: Collection[dt.date], rule: Rule | None, needs: Iterable[Need], today: dt.date) -> Decision:
    """Decide about every day that is there.

    Days are counted back from the newest one that is there, and not from today: of what is not delivered any more nothing goes, and
    the same table gives the same answer on every day. A day after today is no reason for others to go.

    Args:
        present: the days that are there.
        rule: what is declared; without a rule everything stays.
        needs: what has to stay.
        today: the day of the run.
    """
    if rule is None or not present:
        return Decision()
    newest = max((day for day in present if day <= today), default=today)
    old = sorted(day for day in present if (newest - day).days >= rule.days)
    asked = list(needs)
    kept = {day: why for day in old if (why := next((need.why for need in asked if need.has(day)), None)) is not None}
    return Decision([day for day in old if day not in kept], kept)
