"""A way to a store that loses things: requests, or answers to requests that were carried out."""

from __future__ import annotations

import json
import os
import random
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lakehouse.settings import PROJECT_ROOT
from tests.s3_server import KEY, REGION, SECRET

# What becomes of a request: it and its answer pass; it is carried out and its answer lost, by a connection that breaks or by an
# error of something between; it comes some time after its sender was told that the connection broke; it is lost itself.
Fate = Literal["pass", "cut", "error", "late", "lost"]
LATE_SECONDS = 0.3
INTERNAL_ERROR = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s"
    % (len(body := b"<Error><Code>InternalError</Code><Message>try again</Message></Error>"), body)
)

EXPIRED = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s" % (
    len(said := b"<Error><Code>ExpiredToken</Code><Message>it is over</Message></Error>"),
    said,
)


def version_of(method: str, path: str) -> int | None:
    """The version that a request writes to a Delta table's log; None of any other request."""
    folder, _, name = path.partition("?")[0].rpartition("/")
    number = name.removesuffix(".json")
    return int(number) if method == "PUT" and folder.endswith("/_delta_log") and number.isdecimal() else None


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes = field(repr=False)

    @property
    def is_commit(self) -> bool:
        """Whether it writes a version of a Delta table."""
        return version_of(self.method, self.path) is not None


@dataclass(frozen=True)
class Plan:
    """What becomes of the requests to come: of the next commits in turn, then of a share of them by chance; others pass.

    ``unconditional``: a condition is taken off on the way, as by a store that does not know it. ``expired``: to whatever is
    asked the answer is that the key has expired.
    """

    next_commits: tuple[Fate, ...] = ()
    share: float = 0.0
    by_chance: tuple[Fate, ...] = ("cut", "error", "late", "lost")
    seed: int = 0
    unconditional: bool = False
    expired: bool = False


class Proxy:
    """A process that forwards to a store from a port of its own. (delta-rs keeps Python waiting: no thread would do.)"""

    def __init__(self, store: int, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._plans = 0
        self.plan()
        command = [sys.executable, "-m", "tests.store_proxy", str(store), str(folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_ROOT)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def plan(self, *next_commits: Fate, **more: Any) -> None:
        """From now on this becomes of requests (see `Plan`), and what was seen is forgotten."""
        self._plans += 1
        draft = self._folder / "draft"
        draft.write_text(json.dumps([self._plans, asdict(Plan(next_commits, **more))]))
        draft.replace(self._folder / "plan")
        (self._folder / "seen").write_text("")

    def seen(self) -> list[tuple[str, str, str]]:
        """The requests since the plan was made: fate, method and path."""
        lines = (self._folder / "seen").read_text().splitlines()
        return [(fate, method, path) for fate, method, path in map(json.loads, lines)]

    def commits(self) -> list[tuple[str, int]]:
        """Of the commits among them the fate and the version."""
        found = ((fate, version_of(method, path)) for fate, method, path in self.seen())
        return [(fate, version) for fate, version in found if version is not None]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class _Forwarding:
    """The process's part."""

    def __init__(self, store: int, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._number, self._plan, self._waiting, self._dice = 0, Plan(), list[Fate](), random.Random()
        forwarding = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                forwarding._serve(self.connection, cast("BinaryIO", self.rfile), ("127.0.0.1", store))

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """A peer that has gone is what this is for."""

        with Server(("127.0.0.1", 0), Handler) as server:
            print(server.server_address[1], flush=True)
            server.serve_forever()

    def _fate(self, request: Request) -> Fate:
        with self._lock:
            number, plan = json.loads((self._folder / "plan").read_text())
            if number != self._number:
                self._number, self._plan = number, Plan(**plan)
                self._waiting, self._dice = list(self._plan.next_commits), random.Random(self._plan.seed)
            fate: Fate = "pass"
            if request.is_commit and self._waiting:
                fate = self._waiting.pop(0)
            elif request.is_commit and self._dice.random() < self._plan.share:
                fate = self._dice.choice(self._plan.by_chance)
            with (self._folder / "seen").open("a") as seen:
                seen.write(json.dumps([fate, request.method, request.path]) + "\n")
            return fate

    def _serve(self, client: socket.socket, requests: BinaryIO, store: tuple[str, int]) -> None:
        with socket.create_connection(store) as upstream, upstream.makefile("rb") as answers:
            while True:
                request = _request(client, requests)
                if request is None:
                    return
                fate = self._fate(request)
                if self._plan.expired:
                    client.sendall(EXPIRED)
                    continue
                if self._plan.unconditional and "if-none-match" in request.headers:
                    request = _unconditional(request)
                if fate in ("lost", "late"):
                    _reset(client)
                if fate == "lost":
                    return
                if fate == "late":
                    time.sleep(LATE_SECONDS)
                upstream.sendall(request.raw)
                answer = _answer(answers, request.method)
                if fate == "late":
                    return
                if fate == "cut":
                    _reset(client)
                    return
                client.sendall(INTERNAL_ERROR if fate == "error" else answer)


def _request(client: socket.socket, stream: BinaryIO) -> Request | None:
    head, headers = _head(stream)
    if not head:
        return None
    method, path, _ = head.splitlines()[0].decode().split(" ", 2)
    if headers.get("expect", "").lower() == "100-continue":
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        lines = head.split(b"\r\n")
        head = b"\r\n".join(line for line in lines if not line.lower().startswith(b"expect:"))
    body = _body(stream, headers) if "content-length" in headers or "transfer-encoding" in headers else b""
    return Request(method, path, headers, head + body)


def _answer(stream: BinaryIO, method: str) -> bytes:
    head, headers = _head(stream)
    code = head.split(b" ", 2)[1] if head else b""
    if code.startswith(b"1"):
        return _answer(stream, method)
    without = method == "HEAD" or code in (b"204", b"304")
    return head if without or not head else head + _body(stream, headers)


def _head(stream: BinaryIO) -> tuple[bytes, dict[str, str]]:
    lines: list[bytes] = []
    while line := stream.readline():
        lines.append(line)
        if line == b"\r\n":
            break
    else:
        return b"", {}
    pairs = (line.decode("latin-1").partition(":") for line in lines[1:-1])
    return b"".join(lines), {name.strip().lower(): value.strip() for name, _, value in pairs}


def _body(stream: BinaryIO, headers: dict[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return stream.read(int(headers.get("content-length", "0")))
    parts = []
    while True:
        size = stream.readline()
        chunk = stream.read(int(size.split(b";")[0], 16) + 2)
        parts += [size, chunk]
        if size.strip().split(b";")[0] == b"0":
            return b"".join(parts)


def _reset(client: socket.socket) -> None:
    """Break the connection, whatever is under way on it."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Its file object holds it open otherwise.
    os.close(client.detach())


def _unconditional(request: Request) -> Request:
    """The request without its condition, signed anew."""
    head, _, body = request.raw.partition(b"\r\n\r\n")
    kept = {name: value for name, value in request.headers.items() if name not in ("if-none-match", "authorization")}
    length = {"content-length": kept.pop("content-length")} if "content-length" in kept else {}
    signed = AWSRequest(request.method, f"http://{kept['host']}{request.path}", headers=dict(kept), data=body)
    S3SigV4Auth(Credentials(KEY, SECRET), "s3", REGION).add_auth(signed)
    headers = {**dict(signed.headers.items()), **length}
    lines = [head.split(b"\r\n")[0], *(f"{name}: {value}".encode() for name, value in headers.items())]
    return Request(request.method, request.path, headers, b"\r\n".join(lines) + b"\r\n\r\n" + body)


if __name__ == "__main__":
    _Forwarding(int(sys.argv[1]), Path(sys.argv[2]))
