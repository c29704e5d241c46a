from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from stack.cluster.mlflow_app import BasicAuth, Message, Receive, Scope, Send


async def server(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200})


def status(path: str, header: str | None = None, kind: str = "http") -> Any:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [] if header is None else [(b"authorization", header.encode())]
    scope: Scope = {"type": kind, "path": path, "headers": headers}
    asyncio.run(BasicAuth(server, "nightjar", "s3cret")(scope, receive, send))
    return sent[0].get("status", sent[0]["type"])


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def test_the_right_password_is_let_in() -> None:
    assert status("/api/2.0/mlflow/runs/get", basic("nightjar:s3cret")) == 200


@pytest.mark.parametrize("header", [None, basic("nightjar:wrong"), basic("s3cret"), "Basic ???", "Bearer s3cret"])
def test_any_other_is_asked_for_it(header: str | None) -> None:
    assert status("/api/2.0/mlflow/runs/get", header) == 401


def test_whether_it_lives_is_told_without_a_password() -> None:
    assert status("/health") == 200


def test_a_web_socket_without_a_password_is_closed() -> None:
    assert status("/", kind="websocket") == "websocket.close"
