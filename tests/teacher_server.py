"""A service that speaks the OpenAI-compatible protocol, on loopback: as badly behaved as a test asks for, and keeping its own bill.

``python -m tests.teacher_server`` runs one by itself, and prints its port. Its faults are drawn from the seed, the request and how
often that came: the same requests meet the same faults in the same order, from any sender.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email.utils
import hashlib
import json
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

# Faults that pass: the first ones are not billed, the others are, though no answer arrives.
NOT_BILLED = ("429", "429 at a date", "500", "503", "no answer")
BILLED = ("disconnect", "cut", "half", "silent", "error with 200")
FAULTS = NOT_BILLED + BILLED
# What a model of this name answers is a mark: the last one that a message asks for, else one drawn from the request.
MARKER = "marker"
_MARK = re.compile(r"special: mark (\S+)")
# What an answer may be besides an answer, asked for by a word in the document.
SPECIAL = (
    "truncation",
    "refusal",
    "apology",
    "filter",
    "nothing",
    "echo",
    "parrot",
    "no usage",
    "bad request",
    "unfinished",
)


@dataclass
class Account:
    """What one request was billed: how often it came, was billed, and was billed without its answer arriving."""

    came: int = 0
    billed: int = 0
    spoiled: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Manners:
    """How the service behaves: ``faults`` come with this ``share``, the first ``at_most`` times that a request comes."""

    latency: float = 0.0
    faults: tuple[str, ...] = ()
    share: float = 1.0
    at_most: int = 1
    seed: int = 0
    key: str | None = None
    status: int = 200
    pause: str | None = None
    seconds: float = 5.0


@dataclass
class Teacher:
    """The service."""

    manners: Manners = field(default_factory=Manners)
    accounts: dict[str, Account] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    keep_bodies: bool = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a connection's requests."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, OSError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = await reader.readline()
        if not first:
            return False
        method, path, _ = first.decode().split()
        headers: dict[str, str] = {}
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if method == "GET":
            told = {key: asdict(account) for key, account in self.accounts.items()}
            return self._send(writer, {"accounts": told, "most_under_way": self.most_under_way})
        assert path == "/v1/chat/completions", path
        if self.keep_bodies:
            self.bodies.append(json.loads(body))
            self.times.append(time.monotonic())
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self._answer(writer, headers, body)
        finally:
            self.under_way -= 1

    async def _answer(self, writer: asyncio.StreamWriter, headers: dict[str, str], body: bytes) -> bool:
        manners = self.manners
        if manners.key is not None and headers.get("authorization") != f"Bearer {manners.key}":
            sent = headers.get("authorization", "nothing").removeprefix("Bearer ")
            return self._send(writer, {"error": {"message": f"Incorrect API key provided: {sent}"}}, 401)
        # The key of the request, as the client names it: a body alone does not tell variants apart.
        key = headers.get("idempotency-key") or hashlib.sha256(body).hexdigest()
        account = self.accounts.setdefault(key, Account())
        account.came += 1
        if manners.status != 200:
            more = {} if manners.pause is None else {"Retry-After": manners.pause}
            return self._send(writer, {"error": {"message": "no", "code": "no"}}, manners.status, **more)
        fault = self._fault(key, account.came)
        asked = json.loads(body)
        document = asked["messages"][1]["content"]
        if "bad request" in document:
            return self._send(writer, {"error": {"message": "context_length_exceeded"}}, 400)
        if fault in NOT_BILLED:
            return await self._not_billed(writer, fault)
        told = answer(asked, key)
        account.billed += 1
        account.input_tokens, account.output_tokens = tokens(asked, told)
        if fault:
            account.spoiled += 1
        await asyncio.sleep(manners.latency)
        return await self._billed(writer, fault, told)

    async def _not_billed(self, writer: asyncio.StreamWriter, fault: str) -> bool:
        if fault == "no answer":
            return False
        more = {"429": {"Retry-After": "0.05"}, "429 at a date": {"Retry-After": email.utils.formatdate(usegmt=True)}}
        return self._send(writer, {"error": {"message": "later"}}, int(fault[:3]), **more.get(fault, {}))

    async def _billed(self, writer: asyncio.StreamWriter, fault: str, told: dict[str, Any]) -> bool:
        whole = json.dumps(told).encode()
        match fault:
            case "disconnect":
                return False
            case "cut":
                writer.write(_head(200, len(whole)) + whole[: len(whole) // 2])
                await writer.drain()
                return False
            case "half":
                half = whole[: len(whole) // 2]
                writer.write(_head(200, len(half)) + half)
                return True
            case "silent":
                await asyncio.sleep(self.manners.seconds)
                return False
            case "error with 200":
                return self._send(writer, {"error": {"message": "upstream", "code": 502}})
        return self._send(writer, told)

    def _fault(self, key: str, came: int) -> str:
        manners = self.manners
        if not manners.faults or came > manners.at_most:
            return ""
        draw = random.Random(f"{manners.seed} {key} {came}")
        return draw.choice(manners.faults) if draw.random() < manners.share else ""

    def _send(self, writer: asyncio.StreamWriter, content: Any, status: int = 200, **headers: str) -> bool:
        body = json.dumps(content).encode()
        writer.write(_head(status, len(body), **headers) + body)
        return True


def answer(asked: dict[str, Any], key: str) -> dict[str, Any]:
    """The answer to a request: always the same to the same."""
    document = asked["messages"][1]["content"]
    text, reason, refusal = f"Answer {key[:12]} about it.", "stop", None
    if MARKER in asked["model"]:
        wanted = _MARK.findall("\n".join(message["content"] for message in asked["messages"]))
        text = wanted[-1] if wanted else f"0.{int(key[:4], 16) % 100:02d}"
    special = next((one for one in SPECIAL if f"special: {one}" in document), "")
    match special:
        case "truncation":
            text, reason = "This goes on and", "length"
        case "refusal":
            text, refusal = "", "I will not."
        case "apology":
            text = "I\u2019m sorry, but I can\u2019t help with that."
        case "filter":
            text, reason = "Half of it", "content_filter"
        case "nothing":
            text = " \n"
        case "echo":
            text = document
        case "parrot":
            text = asked["messages"][0]["content"]
        case "unfinished":
            reason = None  # type: ignore[assignment]
    told: dict[str, Any] = {
        "id": "x",
        "model": f"{asked['model']}-2026",
        "choices": [
            {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text, "refusal": refusal}}
        ],
    }
    sent, back = tokens(asked, told)
    if special != "no usage":
        told["usage"] = {"prompt_tokens": sent, "completion_tokens": back, "total_tokens": sent + back}
    return told


def tokens(asked: dict[str, Any], told: dict[str, Any]) -> tuple[int, int]:
    """How many tokens are billed: four characters each."""
    sent = sum(len(message["content"]) for message in asked["messages"]) // 4 + 1
    return sent, min(len(told["choices"][0]["message"]["content"]) // 4 + 1, 10_000)


def _head(status: int, length: int, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {length}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Served:
    """The service in a thread of this process."""

    def __init__(self) -> None:
        self.teacher = Teacher()
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self.port = 0

        async def begin() -> None:
            self._server = await asyncio.start_server(self.teacher.serve, "127.0.0.1", 0)
            self.port = self._server.sockets[0].getsockname()[1]
            started.set()

        def work() -> None:
            self._loop.run_until_complete(begin())
            self._loop.run_forever()

        threading.Thread(target=work, daemon=True).start()
        started.wait(10)

    @property
    def url(self) -> str:
        """Its address, as declarations have it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def clear(self, **manners: Any) -> Teacher:
        """Forget everything, and behave like this."""
        teacher = self.teacher
        teacher.manners = Manners(**manners)
        teacher.accounts, teacher.bodies, teacher.times, teacher.most_under_way = {}, [], [], 0
        return teacher

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)


@contextmanager
def apart(*arguments: str) -> Iterator[str]:
    """The address of a service in a process of its own."""
    command = [sys.executable, "-m", "tests.teacher_server", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


def bill(url: str) -> dict[str, Any]:
    """What a service that runs apart has billed."""
    with urllib.request.urlopen(f"{url}/bill") as answered:
        return dict(json.load(answered))


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--faults", default="")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--at-most", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    found = parser.parse_args()
    faults = tuple(one for one in found.faults.split(",") if one)
    manners = Manners(found.latency, faults, found.share, found.at_most, seed=found.seed, seconds=found.seconds)

    async def serve() -> None:
        server = await asyncio.start_server(Teacher(manners, keep_bodies=False).serve, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
