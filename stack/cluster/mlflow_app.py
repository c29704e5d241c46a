"""MLflow's server behind a password: one user, by HTTP's Basic scheme, which its clients speak.

MLflow's own accounts (``--app-name basic-auth``) need the package Flask-WTF, which the lock does not have; they give each
person a login and each model its permissions.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import importlib
import os
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

# Asked without a password: whether the server lives.
OPEN = "/health"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BasicAuth:
    """ASGI middleware that lets one user in."""

    def __init__(self, app: App, user: str, password: str) -> None:
        self._app = app
        self._expected = f"{user}:{password}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or ask for the password."""
        if scope["type"] == "lifespan" or scope.get("path") == OPEN or self._may(scope.get("headers", ())):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"www-authenticate", b'Basic realm="mlflow"'), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": b"expected user and password, found none that fit\n"})
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _may(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        for name, value in headers:
            scheme, _, text = value.partition(b" ")
            if name == b"authorization" and scheme.lower() == b"basic":
                try:
                    return hmac.compare_digest(base64.b64decode(text, validate=True), self._expected)
                except binascii.Error:
                    return False
        return False


def __getattr__(name: str) -> App:
    """``app``, made when it is asked for: a test of this module needs no server."""
    if name != "app":
        raise AttributeError(name)
    server: App = importlib.import_module("mlflow.server.fastapi_app").app
    return BasicAuth(server, os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"])
