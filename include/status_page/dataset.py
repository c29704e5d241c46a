"""The page of a dataset: its versions, its documents, and what its calls have cost."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from include.status_page import clock, gathering
from include.status_page.access import ReaderDep, not_found
from include.status_page.rendering import page
from lakehouse.declaration import datasets
from lakehouse.errors import NightjarError
from lakehouse.status import costs, dataset_state
from lakehouse.status.unreadable import guarded
from lakehouse.tables import COSTS

router = APIRouter()


@router.get("/datasets/{name}")
def dataset(name: str, request: Request, reader: ReaderDep) -> HTMLResponse:
    """How one dataset stands."""
    reader.require(f"documents__{name}", "dataset")
    try:
        declared = datasets.by_name(name)
    except NightjarError as error:
        raise not_found("dataset") from error
    now = clock.now()
    state = dataset_state.of(declared)
    orchestration = gathering.orchestrated(reader, state.dags, now)
    return page(
        request,
        "dataset.html.jinja",
        state=state,
        sentences=gathering.linked(reader, dataset_state.sentences(state, orchestration)),
        readable=reader.may_read(state.dags),
        orchestrated=orchestration.known,
        source_linked=f"ingest__{declared.source.name}" in reader.may_read([f"ingest__{declared.source.name}"]),
        cost=guarded(COSTS, lambda: costs.of("dataset", name, now)),
    )
