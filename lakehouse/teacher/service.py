"""Asking a service that speaks the OpenAI-compatible protocol: one attempt of one request."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from typing import Any, Self

import httpx

from lakehouse.connections import outside_trust, retry_after
from lakehouse.declaration.dataset_teacher import ServiceTeacher
from lakehouse.errors import TeacherRefused
from lakehouse.teacher import reply
from lakehouse.teacher.access import Access
from lakehouse.teacher.no_answer import Declined, Lost, NotTaken, TimedOut
from lakehouse.teacher.reply import Complaint, Reply
from lakehouse.teacher.request import Request

# It logs each request.
logging.getLogger("httpx").setLevel(logging.WARNING)

CONNECT_SECONDS = 10.0
# Longer than any answer: a service that does not stop sending fills no memory.
MOST_BYTES = 32 << 20

# The service did not begin.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
OURS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL)
# Answers of those that stand before the service, which may have taken the request: bad gateway, time-outs.
LOST_STATUSES = frozenset({408, 499, 502, 504, 520, 521, 522, 523, 524, 598, 599})
TIMED_OUT = frozenset({408, 504, 524, 598, 599})
# Of all requests, not of this one: the key, the account, the model or the address.
STOPPING = frozenset({401, 402, 403, 404, 405, 407, 410, 501})
# Told with status 429 by some, and no matter of waiting.
NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
PASSING = frozenset({409, 423, 425, 429})


class Service:
    """A service, asked over as many connections as there are requests at once. Use it in an ``async with`` block.

    Args:
        teacher: as declared.
        access: the key.

    Raises:
        TeacherRefused: the declared address is none.
    """

    free = False

    def __init__(self, teacher: ServiceTeacher, access: Access) -> None:
        self._teacher, self._access = teacher, access
        # Certificates are loaded once: it takes a tenth of a second, and an address without TLS has none to check.
        self._tls: ssl.SSLContext | bool = teacher.endpoint.startswith("https:") and outside_trust.context()
        self._idle: list[httpx.AsyncClient] = []
        try:
            self._url = httpx.URL(teacher.endpoint)
        except httpx.InvalidURL as error:
            raise self._refused(f"found that it is no address ({error})", "correct teacher.url") from None
        known = {
            **access.headers,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "nightjar",
        }
        self._headers = [(name.encode(), value.encode()) for name, value in known.items()]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: Any) -> None:
        for client in self._idle:
            await client.aclose()

    async def ask(self, request: Request, earlier: int = 0) -> Reply:
        """The service's answer.

        Args:
            request: what is asked.
            earlier: how many answers to it there were before: another one is wanted.

        Raises:
            NoAnswer: the attempt brought none. TeacherRefused: no other request would bring one either.
        """
        try:
            async with asyncio.timeout(self._teacher.timeout_seconds):
                status, headers, content = await self._posted(request, earlier)
        except TimeoutError:
            raise TimedOut(f"no answer in {self._teacher.timeout_seconds:g} s") from None
        except NOT_SENT as error:
            raise NotTaken(self._named(error)) from None
        except OURS as error:
            raise self._refused(f"found {type(error).__name__}", "correct the address") from None
        except httpx.HTTPError as error:
            raise Lost(self._named(error)) from None
        if status != 200:
            raise self._not_ok(status, headers, content)
        try:
            found = reply.read(content)
        except ValueError as error:
            raise Lost(f"found {error}") from None
        if isinstance(found, Complaint):
            raise self._complaint(found)
        return found

    async def _posted(self, request: Request, earlier: int) -> tuple[int, httpx.Headers, bytes]:
        # Where a service knows the header, an attempt that is repeated is billed once.
        mark = f"{request.key}-{earlier}" if earlier else request.key
        headers = [*self._headers, (b"Idempotency-Key", mark.encode())]
        # Made here: a client that adds its own headers takes a fourth of a call's processor time for it.
        asked = httpx.Request("POST", self._url, headers=headers, content=request.body)
        client = self._idle.pop() if self._idle else self._client()
        response: httpx.Response | None = None
        try:
            response = await client.send(asked, stream=True)
            content = bytearray()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise httpx.DecodingError(f"more than {MOST_BYTES} bytes")
            return response.status_code, response.headers, bytes(content)
        finally:
            if response is not None:
                await response.aclose()
            self._idle.append(client)

    def _client(self) -> httpx.AsyncClient:
        """A client of one connection, for one request at a time.

        A client of many looks through all of its connections twice a request.
        """
        return httpx.AsyncClient(
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            verify=self._tls,
            # The whole attempt has a limit of its own; a key goes to no other address than the declared one.
            timeout=httpx.Timeout(None, connect=min(CONNECT_SECONDS, self._teacher.timeout_seconds / 2)),
            follow_redirects=False,
        )

    def _not_ok(self, status: int, headers: httpx.Headers, content: bytes) -> Exception:
        code, said = _error_of(content)
        found = self._access.without_key(f"status {status}: {said}")
        pause = _pause(headers)
        if code in NO_MONEY:
            return self._refused(f"found {found}", "look at the account")
        if status in STOPPING and not (status == 403 and pause is not None):
            return self._refused(f"found {found}", "correct the key, the model or the address")
        if 200 <= status < 400:
            return self._refused(f"found {found}", "correct the address: the key is sent to no other one")
        if status in TIMED_OUT:
            return TimedOut(found, pause)
        if status in LOST_STATUSES:
            return Lost(found, pause)
        if status in PASSING or status >= 500 or pause is not None:
            return NotTaken(found, pause)
        return Declined(found)

    def _complaint(self, told: Complaint) -> Exception:
        found = self._access.without_key(f"status 200 with the error {told.status or ''} {told.text!r}")
        if told.status in STOPPING:
            return self._refused(f"found {found}", "correct the key, the model or the address")
        if told.status in PASSING or told.status == 503:
            return NotTaken(found)
        if told.status in TIMED_OUT:
            return TimedOut(found)
        # An error without a number, or of the service behind this one: it may have worked, and been billed.
        return Lost(found) if told.status is None or told.status >= 500 else Declined(found)

    def _named(self, error: httpx.HTTPError) -> str:
        text = self._access.without_key(" ".join(str(error).split()))[:200]
        return f"{type(error).__name__}{f': {text}' if text else ''}"

    def _refused(self, found: str, remedy: str) -> TeacherRefused:
        return TeacherRefused(
            f"{self._teacher.endpoint}: expected an answer of {self._teacher.model}, {found}; what was answered is kept: {remedy}, "
            "and run again"
        )


def _pause(headers: httpx.Headers) -> float | None:
    """How long the service asks to wait, in s."""
    milliseconds = retry_after.seconds(headers.get("retry-after-ms"))
    return milliseconds / 1000 if milliseconds is not None else retry_after.seconds(headers.get("retry-after"))


def _error_of(content: bytes) -> tuple[str | None, str]:
    """The code of an error, and its first words."""
    try:
        found = json.loads(content)
        error = found["error"]
        code = error.get("code") or error.get("type")
        return str(code), repr(str(error.get("message", error))[:200])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        text = " ".join(content[:2000].decode(errors="replace").split())
        return None, repr(text[:200]) if text else "an empty body"
