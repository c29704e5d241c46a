"""Pages of JSON from an HTTP service that is slow, busy or breaks off: what ``extract.py`` of a use case may use."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from lakehouse.errors import SourceRefused, SourceUnavailable
from lakehouse.extraction import http_page
from lakehouse.extraction.http_page import Params, client

__all__ = ["client", "get", "pages"]

# Of a page: the next page's address, the parameters that change for it, or None at the end.
Follow = Callable[[Any], str | Params | None]


def get(http: httpx.Client, url: str, params: Params | None = None) -> Any:
    """The JSON at ``url``, asked for again while the service is busy, down, or breaks off in the middle.

    ``Retry-After`` is honoured, up to ``http_page.LONGEST_WAIT`` s.

    Raises:
        SourceUnavailable: after the last try. SourceRefused: the service refuses the login or the request.
    """
    return http_page.page(http, url, params)[0]


def pages(http: httpx.Client, url: str, params: Params | None = None, *, follow: Follow | None = None) -> Iterator[Any]:
    """The JSON of one page after the other, each got like :func:`get`.

    Args:
        http: the client.
        url: of the first page.
        params: of the first page.
        follow: what a page says of the next one. Without it, the page's ``Link`` header with ``rel="next"`` does.

    Raises:
        SourceUnavailable: as in :func:`get`, and when the pages go in a circle. SourceRefused: as in :func:`get`, and when the
            next page is another server's, which must not see this one's login.
    """
    params = dict(params or {})
    seen = {_place(url, params)}
    while True:
        content, response = http_page.page(http, url, params)
        yield content
        link = response.links.get("next", {}).get("url")
        following = follow(content) if follow is not None else link
        # An empty link is none.
        if following is None or following == "":
            return
        if isinstance(following, str):
            there = response.url.join(following)
            if not _same_server(there, http_page.asked(response)):
                raise SourceRefused(
                    f"{http_page.name(response)}: expected the next page of the same server, found one of {there.host}; correct "
                    "the connection's address to the one that the service itself uses"
                )
            url, params = str(there), {}
        else:
            params = {**params, **following}
        place = _place(url, params)
        if place in seen:
            raise SourceUnavailable(
                f"{http_page.name(response)}: expected each page to lead to a new one, found one that leads back to one that was "
                "read already; nothing has landed: run again, and tell the service's owner"
            )
        seen.add(place)


def _place(url: str, params: Params) -> str:
    return json.dumps([url, dict(params)], sort_keys=True, default=str)


def _same_server(url: httpx.URL, first: httpx.URL) -> bool:
    """Whether what ``first`` may see ``url`` may see too: the same server, also where that leads from http to https."""
    if url.host != first.host:
        return False
    return (url.scheme, url.port) == (first.scheme, first.port) or (url.scheme, first.scheme) == ("https", "http")
