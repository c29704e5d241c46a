"""The page of a source: what has arrived, what is due, and the ledger."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from include.status_page import clock, strips
from include.status_page.access import ReaderDep, not_found
from include.status_page.rendering import page
from lakehouse.declaration import datasets, loader
from lakehouse.errors import NightjarError
from lakehouse.status import DAYS, costs, source_state, use_case_state
from lakehouse.status.unreadable import Unreadable, guarded
from lakehouse.tables import COSTS

router = APIRouter()

# So many lines of the ledger are shown.
MOST_LINES = 40


@router.get("/sources/{name}")
def source(name: str, request: Request, reader: ReaderDep) -> HTMLResponse:
    """How one source stands."""
    reader.require(f"ingest__{name}", "source")
    try:
        owner, declared = loader.by_source(name)
    except NightjarError as error:
        raise not_found("source") from error
    now = clock.now()
    books = use_case_state.read_books([], now, [(owner, declared)])
    broken = books.ledger if isinstance(books.ledger, Unreadable) else None
    lines = () if isinstance(books.ledger, Unreadable) else books.ledger.get(name, ())
    state = source_state.of(owner, declared, lines, now)
    readers = [("use_case", one.name, one.title, f"score__{one.name}") for one in loader.readers(declared)]
    readers += [("dataset", one.name, one.title, f"documents__{one.name}") for one in datasets.readers(name)]
    permitted = reader.may_read([dag for *_, dag in readers])
    return page(
        request,
        "source.html.jinja",
        state=state,
        broken=broken,
        days=strips.deliveries(state, DAYS),
        lines=state.lines[:MOST_LINES],
        readers=[one for one in readers if one[-1] in permitted],
        cost=guarded(COSTS, lambda: costs.of("source", name, now)),
    )
