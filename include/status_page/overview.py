"""The overview: one line a use case, dataset and source, and whether tonight is all right."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from include.status_page import clock, gathering, strips
from include.status_page.access import ReaderDep
from include.status_page.rendering import page

router = APIRouter()


@router.get("/")
def overview(request: Request, reader: ReaderDep) -> HTMLResponse:
    """All that the person may see."""
    now = clock.now()
    found = gathering.of_all(reader, now)
    nights = {one.state.use_case.name: strips.verdicts(one.state, 14) for one in found.use_cases}
    days = {one.source.name: strips.deliveries(one, 14) for one in found.sources}
    return page(request, "overview.html.jinja", found=found, nights=nights, days=days)
