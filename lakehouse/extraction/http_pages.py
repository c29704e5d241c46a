"""Pages of JSON from an HTTP service that is slow, busy or breaks off: what ``extract.py`` of a use case may use."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from lakehouse.connections.service import Service
from lakehouse.errors import SourceRefused, SourceUnavailable

log = logging.getLogger(__name__)
# It logs each address with its query, in which there may be a token.
logging.getLogger("httpx").setLevel(logging.WARNING)

TRIES = 6
# In s. A service may ask for any pause; longer ones than this are the task's retries' matter.
LONGEST_WAIT = 120.0
FIRST_WAIT = 0.5
TIMEOUT = httpx.Timeout(60, connect=10)

# Statuses that pass, besides all from 500 on and whatever comes with a Retry-After.
PASSING = frozenset({408, 425, 429})
# Errors of the client's own making, which are no matter of the network.
OURS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

Params = Mapping[str, Any]
# Of a page: the next page's address, the parameters that change for it, or None at the end.
Follow = Callable[[Any], str | Params | None]


class _Passing(Exception):
    """Another try can succeed; ``brief`` says why, without what the service said; ``pause`` is what it asked for, in s."""

    def __init__(self, found: str, brief: str, pause: float | None = None) -> None:
        super().__init__(found)
        self.brief = brief
        self.pause = pause


def client(connection: Service, **options: Any) -> httpx.Client:
    """A client for the service, with its login where it has one. Use it in a ``with`` block.

    Args:
        connection: as ``fetch`` gets it.
        **options: further ones of httpx.Client, such as ``headers={"Authorization": f"Bearer {connection.extra['token']}"}``.
    """
    auth = None if connection.login is None else (connection.login, connection.password or "")
    defaults = {"base_url": connection.url, "auth": auth, "timeout": TIMEOUT, "follow_redirects": True}
    return httpx.Client(**{**defaults, **options})


def get(http: httpx.Client, url: str, params: Params | None = None) -> Any:
    """The JSON at ``url``, asked for again while the service is busy, down, or breaks off in the middle.

    ``Retry-After`` is honoured, up to :data:`LONGEST_WAIT` s.

    Raises:
        SourceUnavailable: after the last try. SourceRefused: the service refuses the login or the request.
    """
    return _page(http, url, params)[0]


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
    origin = None
    while True:
        page, response = _page(http, url, params)
        origin = origin or _origin(response.request.url)
        yield page
        link = response.links.get("next", {}).get("url")
        following = follow(page) if follow is not None else link
        if following is None:
            return
        if isinstance(following, str):
            url, params = str(response.url.join(following)), {}
            if _origin(httpx.URL(url)) != origin:
                raise SourceRefused(
                    f"{_name(response)}: expected the next page of the same server, found one of {httpx.URL(url).host}; correct "
                    "the connection's address to the one that the service itself uses"
                )
        else:
            params = {**params, **following}
        place = _place(url, params)
        if place in seen:
            raise SourceUnavailable(
                f"{_name(response)}: expected each page to lead to a new one, found one that leads back to a page that was "
                "followed already; nothing has landed: run again, and tell the service's owner"
            )
        seen.add(place)


def _page(http: httpx.Client, url: str, params: Params | None) -> tuple[Any, httpx.Response]:
    retrying = Retrying(
        retry=retry_if_exception_type(_Passing),
        wait=_pause,
        stop=stop_after_attempt(TRIES),
        before_sleep=_log_pause,
        reraise=True,
    )
    try:
        return retrying(_once, http, url, params)
    except _Passing as error:
        raise SourceUnavailable(
            f"{error}, {TRIES} times; nothing has landed: when the service is well, run again"
        ) from error.__cause__


def _once(http: httpx.Client, url: str, params: Params | None) -> tuple[Any, httpx.Response]:
    # An empty mapping would take away what the address itself asks for.
    request = http.build_request("GET", url, params=params or None)
    name = f"GET {request.url.copy_with(query=None, userinfo=b'')}"
    try:
        response = http.send(request)
    except OURS:
        raise
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise _Passing(
            f"{name}: expected a page, found {type(error).__name__}: {error}", type(error).__name__
        ) from error
    if not response.is_success:
        raise _refused(name, response)
    try:
        return response.json(), response
    except ValueError as error:
        raise _Passing(f"{name}: expected JSON, found {_first_words(response)}", "no JSON") from error


def _refused(name: str, response: httpx.Response) -> Exception:
    status = response.status_code
    found = f"found {status} {response.reason_phrase}: {_first_words(response)}"
    pause = _retry_after(response.headers.get("retry-after"))
    if status in PASSING or status >= 500 or (pause is not None and status == 403):
        return _Passing(f"{name}: expected a page, {found}", f"status {status}", pause)
    if status in (401, 403):
        return SourceRefused(
            f"{name}: expected the service to accept the login, {found}; nothing has landed: correct the connection's login, "
            "password or token, or its rights"
        )
    return SourceRefused(
        f"{name}: expected a page, {found}; nothing has landed: correct the connection's address, or what extract.py asks for"
    )


def _log_pause(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    brief = error.brief if isinstance(error, _Passing) else type(error).__name__
    log.warning("try %d of %d: %s; again in %.1f s", state.attempt_number, TRIES, brief, state.upcoming_sleep)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.pause if isinstance(error, _Passing) else None
    own = wait_random_exponential(multiplier=FIRST_WAIT, max=30)(state)
    return min(own if asked is None else asked, LONGEST_WAIT)


def _retry_after(value: str | None) -> float | None:
    """The pause that a Retry-After header asks for, in s: it has a number of them, or a date."""
    if value is None:
        return None
    try:
        return float(min(max(int(value), 0), 10**6))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max((moment - dt.datetime.now(dt.UTC)).total_seconds(), 0.0)


def _place(url: str, params: Params) -> str:
    return json.dumps([url, dict(params)], sort_keys=True, default=str)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _name(response: httpx.Response) -> str:
    return f"GET {response.request.url.copy_with(query=None, userinfo=b'')}"


def _first_words(response: httpx.Response) -> str:
    text = " ".join(response.text[:2000].split())
    return repr(text[:200]) if text else "an empty body"
