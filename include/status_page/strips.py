"""Strips of days: a cell a night with its verdict, or a cell a day with what was delivered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from include.status_page.drawing import Cell, CellState
from lakehouse.status import use_case_state
from lakehouse.status.books import CHANGES, ModelEvent
from lakehouse.status.source_state import SourceState
from lakehouse.status.use_case_state import UseCaseState

# A picture of fewer days says little.
FEWEST = 14


def verdicts(state: UseCaseState, count: int) -> list[Cell]:
    """The newest nights of a use case, oldest first; none before its first."""
    last = state.night.day if state.night is not None else None
    if last is None:
        return []
    changed = changes(state.events)
    cells = []
    for day in days(state, last, count):
        verdict = state.verdicts.get(day)
        change = changed.get(day, "")
        if verdict is None:
            cells.append(Cell(day, "none", f"{day}: no verdict", change))
            continue
        state_of: CellState = "violated" if verdict.violated else "event" if verdict.event else "ordinary"
        cells.append(Cell(day, state_of, f"{day}: {verdict.word}, version {verdict.version}", change))
    return cells


def days(state: UseCaseState, last: dt.date, count: int) -> list[dt.date]:
    """The newest scored days up to one, from the first on that has a verdict; at least a fortnight of them."""
    calendar = state.use_case.calendar
    window = use_case_state.nights(state.use_case, last, count)
    first = min([*state.verdicts, *window[-FEWEST:]], default=last)
    return [day for day in window if day >= max(first, calendar.start)]


def changes(events: Sequence[ModelEvent]) -> dict[dt.date, str]:
    """What became champion on which day, in words."""
    return {
        one.happened_at.date(): f"version {one.model_version} {one.event} {one.happened_at.date()}"
        for one in events
        if one.event in CHANGES
    }


def deliveries(state: SourceState, count: int) -> list[Cell]:
    """The newest days of a source, oldest first."""
    cells = []
    for one in state.days[-count:]:
        title = f"{one.day}: {one.state}"
        if one.state == "ingested":
            rejected = f", {one.rejected:,} of them rejected" if one.rejected else ""
            title = f"{one.day}: {one.rows:,} rows{rejected}"
        elif one.state == "none":
            title = f"{one.day}: nothing is due"
        cells.append(Cell(one.day, one.state, title))
    return cells
