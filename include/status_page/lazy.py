"""The page as an ASGI application that is imported when somebody opens it: the API server starts without it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/nightjar"
TITLE = "Nightjar"


class LazyApp:
    """Makes the application at the first request, in a thread: importing takes a second, in which others are served."""

    def __init__(self, module: str = "include.status_page.app") -> None:
        self._module = module
        self._app: App | None = None
        self._making: asyncio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if self._app is None:
            self._making = self._making or asyncio.Lock()
            async with self._making:
                if self._app is None:
                    self._app = await asyncio.to_thread(self._make)
        await self._app(scope, receive, send)

    def _make(self) -> App:
        made: App = import_module(self._module).make()
        return made


# What a plugin registers: the application, and where Airflow's UI shows it. The address is relative: Airflow may stand behind a
# proxy that gives it a path.
APPS: list[dict[str, object]] = [{"app": LazyApp(), "url_prefix": PREFIX, "name": TITLE}]
VIEWS: list[dict[str, object]] = [
    {
        "name": TITLE,
        "href": f"{PREFIX.lstrip('/')}/",
        "destination": "nav",
        "url_route": "nightjar",
        "nav_top_level": True,
        "icon": f"{PREFIX.lstrip('/')}/assets/icon.svg",
        "icon_dark_mode": f"{PREFIX.lstrip('/')}/assets/icon_dark.svg",
    }
]
