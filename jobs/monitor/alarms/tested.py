"""A series that was tested on several windows: what it shows on the one that shows most, in numbers and words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from jobs.monitor.alarms.best import Best
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.windows import Recent
from jobs.monitor.verdict import Kind
from lakehouse.evaluation.training_days import ALL

# The value that is beyond chance, from the chance that a test is given; None where it is not known.
Bound = Callable[[float], float | None]
# The chance of the newest days alone: asked for of what is violated.
Newest = Callable[[], float]
WHOLE = (ALL, ALL)


@dataclass(frozen=True)
class Tested:
    """What a test shows.

    Attributes:
        kind, feature, statistic, slice, slice_value: of what.
        value: of the statistic on the window that shows most.
        matters: whether the value is great enough to matter to anybody.
        words, advice: what it is, and what to do.
        chance: on that window.
        days, since: of that window.
        bound: the value that would be beyond chance.
        newest: the chance of the newest days alone, given how long a deviation lasts.
    """

    kind: Kind
    feature: str
    statistic: str
    slice: str
    slice_value: str
    value: float
    matters: bool
    words: str
    advice: str
    chance: float
    days: int
    since: dt.date
    bound: Bound
    newest: Newest

    def with_chance(self, chance: float) -> Tested:
        """The same with another chance."""
        return replace(self, chance=chance)


def no_bound(_chance: float) -> float | None:
    """Of a statistic that is judged by its chance alone."""
    return None


def of_best(
    kind: Kind,
    feature: str,
    statistic: str,
    of: tuple[str, str],
    value: float,
    matters: bool,
    words: str,
    advice: str,
    best: Best,
    place: int,
    recent: Recent,
    newest: Callable[[], Floats],
    bound: Bound = no_bound,
) -> Tested:
    """The series ``place`` of those that ``best`` is of; ``of`` is its slice and the slice's value, ``newest`` of all of them."""
    length, back = int(best.length[place]), int(best.back[place])
    since = recent.days[-1 - back]
    from_when = f", since {since}" if back + 1 < length else ""
    said = f"{words}, over {over(length, recent)}{from_when}"
    chance = float(best.chance[place])
    return Tested(
        kind, feature, statistic, *of, value, matters, said, advice, chance, length, since, bound,
        lambda: float(newest()[place]),
    )  # fmt: skip


def over(length: int, recent: Recent) -> str:
    """A window in words."""
    return f"the {length} days to {recent.days[-1]}" if length > 1 else str(recent.days[-1])
