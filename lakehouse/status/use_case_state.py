"""How a use case stands: its night, its verdicts, its champion, and what can't be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse import tables
from lakehouse.arrivals import freshness
from lakehouse.declaration import Owner, Source, UseCase
from lakehouse.ops import rowless
from lakehouse.status import DAYS, books, champion, due, night, verdicts
from lakehouse.status.books import ExportLine, ModelEvent
from lakehouse.status.champion import CHAMPION, Champion
from lakehouse.status.due import Due
from lakehouse.status.ledger_files import Line
from lakehouse.status.night import Night
from lakehouse.status.unreadable import Unreadable, guarded
from lakehouse.status.verdicts import Verdict
from lakehouse.storage import table_index
from lakehouse.storage.day_index import DayIndex
from lakehouse.tables import BUILDS, MODEL_EVENTS

Owned = tuple[Owner, Source]


@dataclass(frozen=True)
class Books:
    """The platform's own tables, as far as they are needed: see `lakehouse.status.books`."""

    ledger: Mapping[str, Sequence[Line]] | Unreadable
    events: Mapping[str, Sequence[ModelEvent]] | Unreadable
    exports: Mapping[tuple[str, dt.date], Sequence[ExportLine]] | Unreadable
    newest: Mapping[str, dt.date] | Unreadable


@dataclass(frozen=True)
class UseCaseState:
    """How a use case stands.

    Attributes:
        use_case: whose.
        due: which night is due.
        night: the night that is due, or the newest scored one where the calendar has ended; None where there is neither.
        newest: the newest scored day; None before the first.
        champion: who decides; None before the first.
        shadow: the versions that scored the night without deciding.
        verdicts: of the last days, by day.
        events: of its model, in order.
        unreadable: the tables that can't be read.
        delivered: the sources of which anything was ever delivered.
    """

    use_case: UseCase
    due: Due
    night: Night | None
    newest: dt.date | None
    champion: Champion | None
    shadow: tuple[int, ...]
    verdicts: Mapping[dt.date, Verdict] = field(default_factory=dict)
    events: Sequence[ModelEvent] = ()
    unreadable: tuple[Unreadable, ...] = ()
    delivered: frozenset[str] = frozenset()

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever scored, nor could be: a champion that the night might have had would have scored it."""
        if self.newest is not None or self.unreadable:
            return False
        champion, begins = self.champion, self.due.begins
        return champion is None or begins is None or champion.since >= begins or self.due.ended is not None

    @property
    def knows_models(self) -> bool:
        """Whether the audit log can be read, which says who is champion."""
        return all(one.table != MODEL_EVENTS.full_name for one in self.unreadable)

    @property
    def dags(self) -> tuple[str, ...]:
        """The DAGs that a night of it runs through, from the first to the last, and those of its models."""
        late = ("fallback",) if self.use_case.fallback_at is not None else ()
        return (
            *self.night_dags,
            *(f"{stage}__{self.use_case.name}" for stage in (*late, "train", "rollback", "restate", "retire")),
        )

    @property
    def night_dags(self) -> tuple[str, ...]:
        """The DAGs that a night of it runs through."""
        stages = ("features", "score", "monitor", *(("deliver",) if self.use_case.deliver else ()))
        sources = (name for name in self.use_case.reads if self.use_case.source(name).cadence == "daily")
        groups = (f"group__{taken.group.name}_v{taken.group.version}" for taken in self.use_case.taken)
        return (
            *(f"ingest__{name}" for name in sources),
            *groups,
            *(f"{stage}__{self.use_case.name}" for stage in stages),
        )


def starts(
    use_cases: Sequence[UseCase], sources: Sequence[Owned], now: dt.datetime, newest: Mapping[str, dt.date]
) -> dict[str, dt.date]:
    """By source the first day of the ledger that the page looks at: of a calendar that has ended its last days.

    Args:
        use_cases: whose sources.
        sources: others, each with its owner.
        now: the present.
        newest: by source the newest day that the ledger has.
    """
    ends = [(source.name, freshness.newest_due(owner, source, now)) for owner, source in sources]
    for use_case in use_cases:
        day = due.of(use_case, now).day
        ends += [
            (name, day) for name in (*use_case.reads, *(one for taken in use_case.taken for one in taken.group.reads))
        ]
    found: dict[str, dt.date] = {}
    for name, end in ends:
        last = end or now.date()
        first = books.first_day(min(last, newest.get(name, last)))
        found[name] = min(first, found.get(name, first))
    return found


def read_books(use_cases: Sequence[UseCase], now: dt.datetime, sources: Sequence[Owned] = ()) -> Books:
    """The platform's tables for these use cases and sources."""
    newest = books.newest_days()
    since = starts(use_cases, sources, now, {} if isinstance(newest, Unreadable) else newest)
    days = [day for one in use_cases if (day := due.of(one, now).day) is not None]
    delivering = [one.name for one in use_cases if one.deliver]
    return Books(
        books.ledger(since),
        books.events(now - dt.timedelta(days=DAYS)),
        books.exports(delivering, min(days, default=now.date()) - dt.timedelta(days=DAYS)),
        newest,
    )


def of(use_case: UseCase, now: dt.datetime, read: Books, days: int = 14) -> UseCaseState:
    """How the use case stands.

    Args:
        use_case: which.
        now: the present.
        read: the platform's tables.
        days: of how many days the verdicts are read.
    """
    is_due = due.of(use_case, now)
    features = guarded(tables.features(use_case), lambda: table_index.of(tables.features(use_case)))
    scores = guarded(tables.scores(use_case), lambda: table_index.of(tables.scores(use_case)))
    drift = guarded(tables.drift(use_case), lambda: verdicts.index(use_case))
    newest = newest_scored(scores)
    day = newest if is_due.ended is not None else is_due.day
    judged = _verdicts(use_case, drift, day, days)
    events = _of_this(read.events, use_case.name)
    its, rows = None, None
    if day is not None:
        verdict = judged if isinstance(judged, Unreadable) else judged.get(day)
        sent = read.exports if isinstance(read.exports, Unreadable) else read.exports.get((use_case.name, day), ())
        its, rows = _night(use_case, day, read, features, scores, verdict, sent)
    nobody = _nobody(use_case, its)
    if its is not None and nobody is True:
        its = night.without_anybody(its)
    parts = (read.ledger, read.events, read.exports, features, scores, rows, nobody, drift, judged)
    return UseCaseState(
        use_case,
        is_due,
        its,
        newest,
        champion.of(events),
        champion.in_shadow(None if isinstance(scores, Unreadable) else scores, day),
        {} if isinstance(judged, Unreadable) else judged,
        events,
        tuple({one.table: one for one in parts if isinstance(one, Unreadable)}.values()),
        frozenset(() if isinstance(read.newest, Unreadable) else read.newest),
    )


def _nobody(use_case: UseCase, its: Night | None) -> bool | Unreadable:
    """Whether the day is built, and has nobody: looked up where everything has arrived, and nothing is built."""
    if its is None or its.scored or [step.state for step in its.steps[:3]] != ["done", "waits", "waits"]:
        return False
    return guarded(BUILDS, lambda: its.day in rowless.inputs(tables.features(use_case), rowless.NOBODY))


def _night(
    use_case: UseCase,
    day: dt.date,
    read: Books,
    features: DayIndex | Unreadable | None,
    scores: DayIndex | Unreadable | None,
    verdict: Verdict | Unreadable | None,
    sent: Sequence[ExportLine] | Unreadable,
) -> tuple[Night, Unreadable | None]:
    """The night of a day; of one whose scores' files can't be read what is known without them, and that."""
    made = guarded(
        tables.scores(use_case),
        lambda: night.of(use_case, day, read.ledger, features, scores, verdict, sent),
    )
    if isinstance(made, Unreadable):
        return night.of(use_case, day, read.ledger, features, made, verdict, sent), made
    return made, None


def nights(use_case: UseCase, last: dt.date, count: int) -> list[dt.date]:
    """The newest nights up to one, so many at most, and none that lies further back than the page looks; in order."""
    return use_case.calendar.scores.between(last - dt.timedelta(days=DAYS - 1), last)[-count:]


def newest_scored(scores: DayIndex | Unreadable | None) -> dt.date | None:
    """The newest day that has scores that decide."""
    if scores is None or isinstance(scores, Unreadable):
        return None
    return next((day for day in sorted(scores.by_day, reverse=True) if scores.rows(day, role=CHAMPION)), None)


def _verdicts(
    use_case: UseCase, drift: DayIndex | Unreadable | None, last: dt.date | None, days: int
) -> dict[dt.date, Verdict] | Unreadable:
    if isinstance(drift, Unreadable):
        return drift
    if last is None:
        return {}
    window = nights(use_case, last, days)
    return guarded(tables.drift(use_case), lambda: verdicts.of_days(drift, window))


def _of_this(events: Mapping[str, Sequence[ModelEvent]] | Unreadable, name: str) -> Sequence[ModelEvent]:
    return () if isinstance(events, Unreadable) else events.get(name, ())
