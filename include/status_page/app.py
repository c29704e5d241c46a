"""The page's application: its routes, each behind Airflow's login, and what is answered where one can't be."""

from __future__ import annotations

import logging

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from include.status_page import access, assets_route, compare, dataset, explain, overview, run_book, source, use_case
from include.status_page.rendering import notice
from lakehouse.storage import kept_on_disk

log = logging.getLogger(__name__)

# Each part of the page declares its own routes.
ROUTERS = (
    overview.router,
    use_case.router,
    explain.router,
    compare.router,
    dataset.router,
    source.router,
    run_book.router,
    assets_route.router,
)

HEADINGS = {401: "Log in first", 403: "Not with this role", 404: "Not here", 405: "This page only reads"}

OF_FRAMEWORK = {
    "Not Found": "The address is not one that this page has.",
    "Method Not Allowed": "The page answers questions (GET) alone, and changes nothing.",
}


def make() -> FastAPI:
    """The application, to be mounted in Airflow's API server."""
    # What the tables say is kept on disk by this process alone, so that the first request after a restart need not read all again.
    kept_on_disk.use()
    # No route describes the others: what has no login sees none of them.
    # Nor is anybody sent on to an address with another slash at its end: that would be of this host, and not of a proxy before it.
    app = FastAPI(
        title="Nightjar",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(access.reader)],
        redirect_slashes=False,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Exception, _broken)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    heading = HEADINGS.get(error.status_code, "This did not work")
    # Those of the framework are no sentences.
    text = OF_FRAMEWORK.get(str(error.detail), str(error.detail))
    return notice(request, error.status_code, heading, text, error.headers)


async def _malformed(request: Request, _: Exception) -> Response:
    text = "The address is not one that this page has."
    return notice(request, 400, "Not an address of this page", text)


async def _broken(request: Request, error: Exception) -> Response:
    """The last resort: what went wrong is in the server's log, and not on the page."""
    # Written out: an address may have line breaks.
    log.error("the status page could not answer %r", request.url.path, exc_info=error)
    text = (
        "The page could not be made. The log of Airflow's API server says why; the platform itself goes on. Tables can be read by "
        "python -m lakehouse meanwhile."
    )
    return notice(request, 500, "The page could not be made", text)
