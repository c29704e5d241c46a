"""A service of orders, page by page, on loopback: as badly behaved as a test asks for."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

PAGE = 3
LOGIN = "Basic YW5uOnMzY3JldA=="

# Sees each request before it is answered, and answers in its own way when it returns True.
Fault = Callable[["Orders", "Request"], bool | None]


class Request(http.server.BaseHTTPRequestHandler):
    """One request; ``number`` counts from 1."""

    protocol_version = "HTTP/1.1"
    server: _Server
    number = 0

    def do_GET(self) -> None:
        """Answer with a page, unless the fault has answered."""
        self.server.orders.answer(self)

    def page(self) -> tuple[int, dict[str, str]]:
        """The page that is asked for, and the other parameters."""
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        return int(asked.pop("page", "1")), asked

    def send(self, content: Any, status: int = 200, **headers: str) -> None:
        """Answer as a whole."""
        body = json.dumps(content).encode()
        self.begin(len(body), status, **headers)
        self.wfile.write(body)

    def begin(self, length: int | None, status: int = 200, **headers: str) -> None:
        """The head of an answer; without a length its end is the connection's."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    orders: Orders


class Orders:
    """The service: ``rows`` by id, ``fault`` decides how it behaves, ``asked`` has the parameters of each request."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.fault: Fault | None = None
        self.asked: list[dict[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), Request)
        self._server.orders = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """With login and password."""
        return f"http://ann:s3cret@127.0.0.1:{self._server.server_port}/v1"

    def clear(self, rows: list[dict[str, Any]]) -> None:
        """Forget everything but these rows."""
        self.rows, self.fault, self.asked = {row["id"]: row for row in rows}, None, []

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> None:
        """Answer a request."""
        page, asked = request.page()
        self.asked.append({**asked, "page": str(page)})
        request.number = len(self.asked)
        if request.headers.get("Authorization") != LOGIN:
            request.send({"error": "who are you?"}, 401)
        elif self.fault is None or not self.fault(self, request):
            request.send(self.content(page, asked))

    def content(self, page: int, asked: dict[str, str]) -> dict[str, Any]:
        """A page of the rows that changed in the window that is asked for, by id."""
        since, until = (
            dt.datetime.fromisoformat(asked[name]) if name in asked else None for name in ("since", "until")
        )
        inside = [
            row
            for _, row in sorted(self.rows.items())
            if (since is None or dt.datetime.fromisoformat(row["changedAt"]) >= since)
            and (until is None or dt.datetime.fromisoformat(row["changedAt"]) < until)
        ]
        more = len(inside) > page * PAGE
        following = f"/v1/orders?{urlencode({**asked, 'page': page + 1})}" if more else None
        return {"orders": inside[(page - 1) * PAGE : page * PAGE], "next": following}


def slow(orders: Orders, request: Request) -> bool:
    """Every page comes in drips; the second not before the client has given up once."""
    if request.number == 2:
        time.sleep(0.6)
    body = json.dumps(orders.content(*request.page())).encode()
    request.begin(len(body))
    for start in range(0, len(body), 100):
        request.wfile.write(body[start : start + 100])
        time.sleep(0.01)
    return True


def busy(orders: Orders, request: Request) -> bool:
    """429 with Retry-After for the second request."""
    if request.number == 2:
        request.send({"error": "slow down"}, 429, Retry_After="1")
    return request.number == 2


def failing(orders: Orders, request: Request) -> bool:
    """500 and 503 for the second and the third request."""
    if request.number in (2, 3):
        request.send({"error": "oops"}, {2: 500, 3: 503}[request.number])
    return request.number in (2, 3)


def cut(orders: Orders, request: Request) -> bool:
    """Half a body for the second and third request, once with its length in the head and once without."""
    if request.number not in (2, 3):
        return False
    body = json.dumps(orders.content(*request.page())).encode()
    request.begin(len(body) if request.number == 2 else None)
    request.wfile.write(body[: len(body) // 2])
    request.close_connection = True
    return True


def repeating(orders: Orders, request: Request) -> bool:
    """The second page begins with the rows of the first."""
    page, asked = request.page()
    if page != 2:
        return False
    own, first = orders.content(page, asked), orders.content(1, asked)
    request.send({**own, "orders": first["orders"] + own["orders"]})
    return True


def reordering(orders: Orders, request: Request) -> bool:
    """The rows of a page come the other way round with every second request."""
    content = orders.content(*request.page())
    request.send({**content, "orders": content["orders"][:: -1 if request.number % 2 else 1]})
    return True


def growing(orders: Orders, request: Request) -> None:
    """Before the second page, an order is added on the first: those behind it move on."""
    if request.number == 2:
        orders.rows["a0"] = {"id": "a0", "pieces": 0, "changedAt": "2024-02-01T00:00:00Z"}


def shrinking(orders: Orders, request: Request) -> None:
    """Before the second page, an order of the first is deleted: one behind it moves to the page that has been read."""
    if request.number == 2:
        del orders.rows["a1"]


def changing(orders: Orders, request: Request) -> None:
    """Before the second page, an order of the first gets another value."""
    if request.number == 2:
        orders.rows["a1"] = {**orders.rows["a1"], "pieces": 99}


FAULTS: dict[str, Fault] = {
    fault.__name__: fault for fault in (slow, busy, failing, cut, repeating, reordering, growing, shrinking, changing)
}
