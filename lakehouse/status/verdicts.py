"""The verdicts of the nights, and what was measured of them: from the drift table, day by day, each file read once."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.known_events import KNOWN_EVENT
from lakehouse.storage import delta_log, kept_on_disk, table_index
from lakehouse.storage.day_index import DayIndex

VERDICT = "verdict"
COLUMNS = ("kind", "feature", "statistic", "model_version", "violated", "reason")
# Of so many use cases verdicts are kept, of the days that the index of their table has.
MOST_KEPT = 200


@dataclass(frozen=True)
class Verdict:
    """What monitoring decided of a day.

    Attributes:
        day: which.
        version: the champion whose training is the reference.
        violated: whether it is beyond its limits.
        reason: all reasons, in words; empty without any.
        at: when it was written.
        event: the known event that days of its window are of, for which they are not judged; None of any other night.
    """

    day: dt.date
    version: int
    violated: bool
    reason: str
    at: dt.datetime
    event: str | None = None

    @property
    def word(self) -> str:
        """What it is called."""
        return "violated" if self.violated else f"not judged, known event {self.event}" if self.event else "ordinary"


def index(use_case: UseCase) -> DayIndex | None:
    """The days of the drift table; None of one that does not exist."""
    return table_index.of(tables.drift(use_case))


def of_days(drift: DayIndex | None, days: Iterable[dt.date]) -> dict[dt.date, Verdict]:
    """The verdicts of these days; a day without one is left out."""
    if drift is None:
        return {}
    known = _known(drift)
    found: dict[dt.date, Verdict] = {}
    new: dict[dt.date, Of] = {}
    for day in days:
        paths = tuple(one.path for one in drift.files(day))
        if not paths:
            continue
        # A file never changes: another write of the day makes others.
        paths_known, verdict = known.get(day, ((), None))
        if paths_known != paths:
            verdict = _of_day(drift, day)
            new[day] = (paths, verdict)
        if verdict is not None:
            found[day] = verdict
    if new:
        _keep(drift, {**known, **new})
    return found


def _of_day(drift: DayIndex, day: dt.date) -> Verdict | None:
    rows: list[Mapping[str, Any]] = drift.read([day], COLUMNS).to_pylist()
    event = next((row["feature"] for row in rows if (row["kind"], row["statistic"]) == ("data", KNOWN_EVENT)), None)
    return next(
        (
            Verdict(day, row["model_version"], row["violated"], row["reason"] or "", at, event)
            for row in rows
            if row["kind"] == VERDICT and (at := drift.written(day)) is not None
        ),
        None,
    )


def forget() -> None:
    """Keep none in memory."""
    with _LOCK:
        _KEPT.clear()


# By day the files that were read, and what they say.
Of = tuple[tuple[str, ...], Verdict | None]
Known = Mapping[dt.date, Of]
_KEPT: OrderedDict[str, Known] = OrderedDict()
_LOCK = Lock()


def _known(drift: DayIndex) -> Known:
    place = delta_log.location(drift.table)
    with _LOCK:
        if place in _KEPT:
            _KEPT.move_to_end(place)
            return _KEPT[place]
    known = _read(kept_on_disk.load(f"verdicts {place}"))
    _keep_in_memory(place, known)
    return known


def _keep(drift: DayIndex, known: Known) -> None:
    """Keep what is known of the days that the table's index has."""
    place = delta_log.location(drift.table)
    known = {day: one for day, one in known.items() if day in drift.by_day}
    _keep_in_memory(place, known)
    if kept_on_disk.enabled():
        kept_on_disk.save(f"verdicts {place}", [_said(day, paths, verdict) for day, (paths, verdict) in known.items()])


def _keep_in_memory(place: str, known: Known) -> None:
    with _LOCK:
        _KEPT[place] = known
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)


def _said(day: dt.date, paths: tuple[str, ...], verdict: Verdict | None) -> list[Any]:
    fields = verdict and [verdict.version, verdict.violated, verdict.reason, verdict.at.isoformat(), verdict.event]
    return [day.isoformat(), list(paths), fields]


def _read(said: Any) -> Known:
    """What was written of an earlier process; nothing of a copy that another code wrote."""
    known: dict[dt.date, Of] = {}
    try:
        for text, paths, fields in said or ():
            day, verdict = dt.date.fromisoformat(text), None
            if fields is not None:
                version, violated, reason, at, event = fields
                verdict = Verdict(day, version, violated, reason, dt.datetime.fromisoformat(at), event)
            known[day] = (tuple(paths), verdict)
    except (TypeError, ValueError):
        return {}
    return known
