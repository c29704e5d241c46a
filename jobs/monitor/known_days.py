"""Days of known events in the windows of a verdict: they are told and not judged, and no window of an ordinary day has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from jobs.monitor.verdict import LEFT_OUT, DriftCheck, Kind
from lakehouse.declaration import Drift, UseCase
from lakehouse.declaration.known_events import KNOWN_EVENT

# What the row is of that says how many days are left out.
EVENTS = "known events"
# So many findings are named in it.
NAMED = 3
Value = TypeVar("Value")


@dataclass(frozen=True)
class Judged:
    """A window as it is looked at.

    Attributes:
        newest: its days, oldest first.
        days: those that are compared.
        events: the names of the events that its days are of, without repetition, in their order.
        event: for which it is not judged; None where it is.
    """

    newest: tuple[dt.date, ...]
    days: tuple[dt.date, ...]
    events: tuple[str, ...]
    event: str | None

    @classmethod
    def of(cls, newest: Sequence[dt.date], drift: Drift) -> Judged:
        """Without the days of events; a window that ends with one of them has all its days, and is not judged."""
        names = [drift.known_event(day) for day in newest]
        ordinary = tuple(day for day, name in zip(newest, names, strict=True) if name is None)
        event = names[-1] if names else None
        return cls(tuple(newest), tuple(newest) if event else ordinary, _once(names), event)

    @classmethod
    def pooled(cls, newest: Sequence[dt.date], drift: Drift) -> Judged:
        """Of what compares the whole window with a whole week: it has all its days, and with a day of an event is not judged."""
        names = [drift.known_event(day) for day in newest]
        events = _once(names)
        return cls(tuple(newest), tuple(newest), events, events[-1] if events else None)

    def of_days(self, by_day: Mapping[dt.date, Value]) -> dict[dt.date, Value]:
        """What is known of the compared days."""
        return {day: by_day[day] for day in self.days if day in by_day}

    def said(self, kind: Kind, checks: Iterable[DriftCheck]) -> list[DriftCheck]:
        """One row on the known events of the window, none where it has none.

        Args:
            kind: of the row.
            checks: of the window, before `told`.
        """
        if not self.events:
            return []
        last, names = self.newest[-1], ", ".join(self.events)
        if self.event is None:
            left_out = len(self.newest) - len(self.days)
            words = f"{left_out} of the {len(self.newest)} days to {last} are of known events and left out: {names}"
            return [_fact(kind, EVENTS, LEFT_OUT, left_out, words)]
        of = "labels of " if kind == "label" else ""
        words = f"{of}the {len(self.newest)} days to {last} have days of known events ({names}): this is told and not judged"
        if found := [one for one in checks if one.violated]:
            named = list(dict.fromkeys(one.feature for one in found))
            more = " and more" if len(named) > NAMED else ""
            words += f", {len(found)} of it would be violated ({', '.join(named[:NAMED])}{more})"
        return [_fact(kind, self.event, KNOWN_EVENT, len(self.newest), words)]


def is_ordinary(day: dt.date, use_case: UseCase) -> bool:
    """Whether no part of the day's verdict is kept back by a known event: of its own window, and of that of its matured days."""
    drift, newest = use_case.drift, use_case.calendar.scores.newest
    judged = Judged.of if drift.measured else Judged.pooled
    ends = (day, day - dt.timedelta(days=use_case.maturity_days))
    return all(judged(newest(end, drift.window_days), drift).event is None for end in ends)


def told(checks: Iterable[DriftCheck], event: str | None) -> Iterator[DriftCheck]:
    """The checks of a window that ends with a day of an event: they violate nothing, and say why; of no event as they are."""
    for check in checks:
        if event is None:
            yield check
            continue
        # Without a chance it is no finding of a verdict; how seldom ordinary days show as much stays.
        without: dict[str, Any] = {name: None for name in ("chance", "newest_chance", "advice") if hasattr(check, name)}
        # An estimate is told where it is beyond its limit.
        limit = None if check.kind == "estimate" else check.limit
        words = f"{check.reason}, not judged: of the known event {event}" if check.violated else check.reason
        yield replace(check, limit=limit, violated=False, reason=words, **without)


def _once(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _fact(kind: Kind, feature: str, statistic: str, days: int, words: str) -> DriftCheck:
    return DriftCheck(kind, feature, statistic, float(days), None, violated=False, reason=words)
