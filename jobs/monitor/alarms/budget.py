"""How seldom an ordinary day may be violated, shared out to everything that is tested on a day.

Many tests find something by chance. So each kind of test gets a part of the rate, and within a kind each series and each window the
same part (Bonferroni): whatever depends on whatever, an ordinary day is violated once in ``false_alarm_days`` or more seldom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from jobs.monitor.alarms.finding import MOST_DAYS, Finding, how_seldom
from jobs.monitor.alarms.tested import Tested
from lakehouse.evaluation.training_days import ALL

Group = Literal[
    "data",
    "data of slices",
    "deliveries",
    "features",
    "slices",
    "scores",
    "labels",
    "quality",
    "quality of slices",
    "concept",
    "volume",
]

# Parts of the rate; they add up to 1. The part of a group that has no test on a day goes to the others.
PARTS: dict[Group, float] = {
    "data": 0.05,
    "data of slices": 0.05,
    "deliveries": 0.05,
    "features": 0.2,
    "slices": 0.15,
    "scores": 0.1,
    "labels": 0.05,
    "quality": 0.2,
    "quality of slices": 0.05,
    "concept": 0.05,
    "volume": 0.05,
}


@dataclass(frozen=True)
class Tally:
    """The tests of a day.

    Attributes:
        tests: how many series were tested on how many windows, by group.
        tested: those that may be told.
    """

    tests: Counter[Group] = field(default_factory=Counter)
    tested: list[tuple[Group, Tested]] = field(default_factory=list)

    def add(self, group: Group, tests: int, tested: Iterable[Tested]) -> None:
        """Count tests of a group, and keep what they found."""
        self.tests[group] += tests
        self.tested.extend((group, one) for one in tested)

    def findings(self, false_alarm_days: int) -> Iterator[Finding]:
        """What was found, in the order of the tests: of slices only what is violated, since there are hundreds."""
        used = sum(PARTS[group] for group, tests in self.tests.items() if tests)
        for group, one in self.tested:
            found = _judged(one, self.tests[group] * used / PARTS[group], false_alarm_days)
            if found.violated or one.slice == ALL:
                yield found


def _judged(one: Tested, times: float, false_alarm_days: int) -> Finding:
    """One of so many tests, weighted by the part of their group."""
    # A chance of 1e-300 is no knowledge of anything.
    adjusted = min(max(one.chance * times, 1 / MOST_DAYS), 1.0)
    bound = one.bound(1 / times / false_alarm_days)
    violated = one.matters and adjusted * false_alarm_days < 1
    return Finding(
        kind=one.kind,
        feature=one.feature,
        statistic=one.statistic,
        value=round(one.value, 9),
        limit=None if bound is None else round(bound, 9),
        violated=violated,
        reason=f"{one.words} ({how_seldom(1 / adjusted)})",
        slice=one.slice,
        slice_value=one.slice_value,
        since=one.since,
        days=one.days,
        chance=float(f"{one.chance:.6g}"),
        once_in_days=float(f"{1 / adjusted:.6g}"),
        newest_chance=float(f"{one.newest():.6g}") if violated else None,
        advice=one.advice if violated else None,
    )
