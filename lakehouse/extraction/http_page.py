"""One page of JSON from an HTTP service, asked for again while the service is slow, busy, down or breaks off."""

from __future__ import annotations

import decimal
import json
import logging
from collections.abc import Mapping
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from lakehouse.connections import outside_trust, retry_after
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
    if "verify" not in options:
        options["verify"] = outside_trust.context()
    return httpx.Client(**{**defaults, **options})


def page(http: httpx.Client, url: str, params: Params | None) -> tuple[Any, httpx.Response]:
    """The JSON at ``url``, and the response that had it.

    Raises:
        SourceUnavailable: after the last try. SourceRefused: the service refuses the login or the request.
    """
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
    about = f"GET {request.url.copy_with(query=None, userinfo=b'')}"
    try:
        response = http.send(request)
    except OURS:
        raise
    except httpx.TooManyRedirects as error:
        raise SourceRefused(
            f"{about}: expected a page, found addresses that lead in a circle; nothing has landed: correct the connection's address"
        ) from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise _Passing(
            f"{about}: expected a page, found {type(error).__name__}: {error}", type(error).__name__
        ) from error
    if not response.is_success:
        raise _refused(about, response)
    try:
        # A number with a point keeps its digits.
        return json.loads(response.content, parse_float=decimal.Decimal), response
    except ValueError as error:
        raise _Passing(f"{about}: expected JSON, found {_first_words(response)}", "no JSON") from error


def _refused(about: str, response: httpx.Response) -> Exception:
    status = response.status_code
    found = f"found {status} {response.reason_phrase}: {_first_words(response)}"
    pause = retry_after.seconds(response.headers.get("retry-after"))
    if status in PASSING or status >= 500 or (pause is not None and status == 403):
        return _Passing(f"{about}: expected a page, {found}", f"status {status}", pause)
    if status in (401, 403):
        return SourceRefused(
            f"{about}: expected the service to accept the login, {found}; nothing has landed: correct the connection's login, "
            "password or token, or its rights"
        )
    return SourceRefused(
        f"{about}: expected a page, {found}; nothing has landed: correct the connection's address, or what extract.py asks for"
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


def asked(response: httpx.Response) -> httpx.URL:
    """The address that was asked for, before it led to another."""
    return (response.history[0] if response.history else response).request.url


def name(response: httpx.Response) -> str:
    """The request in words, without its query."""
    return f"GET {response.request.url.copy_with(query=None, userinfo=b'')}"


def _first_words(response: httpx.Response) -> str:
    text = " ".join(response.text[:2000].split())
    return repr(text[:200]) if text else "an empty body"
