"""From what was read to HTML: every value is escaped, and the answer's headers let nothing else run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from include.status_page import clock, tracking, words
from include.status_page.addresses import Addresses, safe

HERE = Path(__file__).resolve().parent
HEADERS = {
    # Nothing in the text of a page can run or be fetched from elsewhere: styles and the one script are files of our own.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= words.FILTERS
    made.filters["safe_address"] = safe
    return made


ENVIRONMENT = _environment()


def page(request: Request, template: str, /, status: int = 200, **content: Any) -> HTMLResponse:
    """A page.

    Args:
        request: that asks for it.
        template: its file's name.
        status: of the answer.
        content: what the template names; ``at`` (addresses), ``now`` and ``tracking_away`` are there already.
    """
    html = ENVIRONMENT.get_template(template).render(
        at=addresses(request), now=clock.now(), tracking_away=tracking.away(), **content
    )
    return HTMLResponse(html, status, HEADERS)


def addresses(request: Request) -> Addresses:
    """The addresses as they are from the page that is asked for."""
    path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
    return Addresses("../" * (path.count("/") - 1), tracking.address())
