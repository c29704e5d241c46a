"""One writing request at a time, for an Airflow whose database has one writer: SQLite.

Airflow writes its audit log from within the API server's event loop. While another request of the same server holds SQLite's
lock, and waits for that loop to let it commit, the loop waits for the lock: nobody is answered until SQLite's timeout ends, a
minute on our stack, and the write of the loop is then refused. Two people who trigger at once are enough.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

READING = frozenset({"GET", "HEAD", "OPTIONS"})

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class OneWriter:
    """ASGI middleware that lets one request in that may write, when the one before it has ended, commit included.

    Requests that only read pass. A body is received before the turn, so that a slow client holds up nobody.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in its turn."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return
        received = await _body(receive)

        async def receive_again() -> Message:
            return received.popleft() if received else await receive()

        async with self._turn:
            await self._app(scope, receive_again, send)


async def _body(receive: Receive) -> deque[Message]:
    """The messages of a request's body, up to its last, or to the client's end."""
    messages: deque[Message] = deque()
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return messages


def middlewares(database: str) -> list[dict[str, object]]:
    """The API server's middlewares, as a plugin declares them, for Airflow's ``database`` (its SQLAlchemy address)."""
    return [{"name": "one writer", "middleware": OneWriter}] if database.startswith("sqlite") else []
