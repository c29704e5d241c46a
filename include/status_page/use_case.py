"""The page of a use case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from include.status_page import charts, clock, evidence_access, gathering, strips
from include.status_page.access import Reader, ReaderDep, not_found
from include.status_page.rendering import page
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import DeclarationError, NightjarError
from lakehouse.status import DAYS, costs, quality, sentence, source_state, statistics, use_case_state, verdicts
from lakehouse.status.unreadable import Unreadable, guarded
from lakehouse.tables import COSTS, Table

router = APIRouter()

Read = TypeVar("Read")
# So many of the last events are shown.
MOST_EVENTS = 12


@router.get("/use-cases/{name}")
def use_case(name: str, request: Request, reader: ReaderDep) -> HTMLResponse:
    """How one use case stands."""
    reader.require(f"score__{name}", "use case")
    return page(request, "use_case.html.jinja", **content(_declared(name), reader, clock.now()))


def content(declared: UseCase, reader: Reader, now: dt.datetime) -> dict[str, Any]:
    """What the page shows; a part whose table can't be read is that it can't."""
    name = declared.name
    books = use_case_state.read_books([declared], now)
    state = use_case_state.of(declared, now, books, DAYS)
    orchestration = gathering.orchestrated(reader, state.dags, now)
    days = strips.days(state, state.night.day, DAYS) if state.night is not None else []
    changes = list(strips.changes(state.events).items())

    def part(table: Table, read: Callable[[], Read]) -> Read | Unreadable:
        return guarded(table, read)

    watched = part(tables.drift(declared), lambda: statistics.of(declared, verdicts.index(declared), days))
    measured = part(tables.performance(declared), lambda: quality.of(declared, days))
    cost = part(COSTS, lambda: costs.of("use_case", name, now))
    sources = []
    if not isinstance(books.ledger, Unreadable):
        permitted = reader.may_read([f"ingest__{source}" for source in declared.reads])
        for source in declared.reads:
            owner, its = loader.by_source(source)
            sources.append(
                (source_state.of(owner, its, books.ledger.get(source, ()), now), f"ingest__{source}" in permitted)
            )
    return {
        "state": state,
        "sentences": gathering.linked(reader, sentence.of(state, orchestration, now)),
        "readable": reader.may_read(state.dags),
        "may_explain": evidence_access.may_read_results(reader, "score", name),
        "may_compare": evidence_access.may_read_results(reader, "train", name),
        "orchestrated": orchestration.known,
        "nights": strips.verdicts(state, DAYS),
        "days": days,
        "watched": watched if isinstance(watched, Unreadable) else charts.statistics(watched[0], days, changes),
        "watched_all": 0 if isinstance(watched, Unreadable) else watched[1],
        "measured": measured if isinstance(measured, Unreadable) else charts.quality(measured[0], days, changes),
        "worth": None if isinstance(measured, Unreadable) else measured[1],
        "cost": cost,
        "sources": [(one, strips.deliveries(one, 14), linked) for one, linked in sources],
        "ledger": books.ledger if isinstance(books.ledger, Unreadable) else None,
        "events": list(reversed(state.events))[:MOST_EVENTS],
    }


def _declared(name: str) -> UseCase:
    try:
        return loader.by_name(name)
    except DeclarationError as error:
        raise HTTPException(404, str(error)) from error
    except NightjarError as error:
        raise not_found("use case") from error
