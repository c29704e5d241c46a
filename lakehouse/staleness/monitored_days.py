"""The days for which monitoring is repeated when something of other days has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.models import version_selection
from lakehouse.staleness import up_to_date


def of_changed(use_case: UseCase, changed: Collection[dt.date]) -> set[dt.date]:
    """The changed days, whose verdict rests on them, and those on which their labels have matured, which measure them again.

    A day that is not scored has no verdict and matures labels all the same: it is among them where these have come.
    """
    maturity, rhythm = dt.timedelta(days=use_case.maturity_days), use_case.calendar.scores
    days = {*changed, *(day + maturity for day in changed)}
    monitored = days & set(version_selection.scored_by(use_case))
    if rhythm.daily:
        return monitored
    others = {day for day in days if not rhythm.includes(day)}
    built = up_to_date.built(tables.outcomes(use_case)) if others else {}
    return {day for day in monitored if rhythm.includes(day)} | {day for day in others if day - maturity in built}
