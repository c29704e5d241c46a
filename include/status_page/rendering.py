"""From what was read to HTML: every value is escaped, and the answer's headers let nothing else run."""

from __future__ import annotations

from collections.abc import Mapping
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
        finalize=words.visible,
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
    at, away = Addresses(up(request), tracking.address()), tracking.away()
    html = ENVIRONMENT.get_template(template).render(at=at, now=clock.now(), tracking_away=away, **content)
    return HTMLResponse(html, status, HEADERS)


def notice(
    request: Request, status: int, heading: str, text: str, others: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The page that there is in the place of one that can't be, also for those who have no login.

    Nothing of the deployment stands on it, such as where the tracking server is, and nothing is waited for.

    Args:
        request: that is answered.
        status: of the answer.
        heading: what is the case, in a few words.
        text: a sentence more.
        others: further headers, such as when to come again.
    """
    html = ENVIRONMENT.get_template("notice.html.jinja").render(
        at=Addresses(up(request), ""),
        now=clock.now(),
        tracking_away=False,
        heading=heading,
        text=text,
        login=status == 401,
    )
    return HTMLResponse(html, status, {**(others or {}), **HEADERS})


def up(request: Request) -> str:
    """The way from the page that is asked for to the overview. A slash that is written as %2F is none to a browser."""
    path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
    written = bytes(request.scope.get("raw_path") or b"").partition(b"?")[0].upper().count(b"%2F")
    return "../" * (path.count("/") - 1 - written)
