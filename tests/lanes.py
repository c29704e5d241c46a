"""Which lane a test runs in, decided by the fixtures that it uses, and a guard that keeps the quick lane quick.

``spark`` and ``server`` follow from the fixtures of a test, its fixtures' fixtures included; ``process`` stands at the tests
that start one. A test with none of these marks, nor one of the two long lanes', is ``quick``.
"""

from __future__ import annotations

import multiprocessing.process
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# What the fixtures that start something are called, and the mark of the tests that use them.
BY_FIXTURE = {
    "spark": "spark",
    "mlflow_server": "server",
    "mongo_emulator": "server",
    "postgres_server": "server",
    "s3_server": "server",
    "kafka_server": "server",
    "orders_server": "server",
    "mail_server": "server",
    "chat_server": "server",
    "teacher_server": "server",
    "hub_server": "server",
    "fake_job": "process",
    "killed_jobs": "process",
    "parse": "process",
}
SLOW = ("spark", "server", "process", "end_to_end", "torture")
QUICK = "quick"

# Of https://docs.python.org/3/library/audit_events.html, those of another process.
PROCESS_EVENTS = ("subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec")
# Python's own platform module asks it, once in a process, for whichever library wants to know the machine.
HARMLESS = ("uname", "file")
SESSION_MODULES = ("pyspark.sql.session", "pyspark.sql.classic.session", "pyspark.sql.connect.session")


class NotQuick(Exception):
    """A test of the quick lane used what only the other lanes may."""


# What went wrong in the test that runs under guard; None while no guarded test runs.
_offences: list[str] | None = None


def assign(item: pytest.Item) -> None:
    """Mark ``item`` with its lanes."""
    for fixture, mark in BY_FIXTURE.items():
        if fixture in getattr(item, "fixturenames", ()):
            item.add_marker(mark)
    if not any(item.get_closest_marker(mark) for mark in SLOW):
        item.add_marker(QUICK)


@contextmanager
def guarded(item: pytest.Item) -> Iterator[None]:
    """Around each phase of a test: a quick one fails when it starts a process, listens, or loads Spark's session.

    It fails also where the code that it tests caught the error.
    """
    if item.get_closest_marker(QUICK) is None:
        yield
        return
    with alone(item.nodeid):
        yield


@contextmanager
def alone(test: str) -> Iterator[None]:
    """No process, no server and no Spark meanwhile.

    Raises:
        NotQuick: when ``test`` used one.
    """
    global _offences
    outer, _offences = _offences, []
    try:
        with pytest.MonkeyPatch.context() as patch:
            # Loaded by another test's module, of which the import below says nothing.
            if (loaded := sys.modules.get("pyspark.sql.session")) is not None:
                for made_by in ("getOrCreate", "create"):
                    patch.setattr(loaded.SparkSession.Builder, made_by, lambda *_: _refuse("a session of Spark"))
            yield
        if _offences:
            raise NotQuick(f"{test} is in the quick lane and used {', '.join(_offences)}: {REMEDY}")
    finally:
        _offences = outer


REMEDY = "use a fixture that tests/lanes.py names, mark it pytest.mark.process (or server), or do without"


def install() -> None:
    """Watch this process from now on."""
    sys.addaudithook(_hear)
    started, listened = multiprocessing.process.BaseProcess.start, socket.socket.listen

    # A spawned process has no audit event.
    def start(self: multiprocessing.process.BaseProcess) -> None:
        _refuse(f"the process {self.name}")
        started(self)

    def listen(self: socket.socket, *backlog: int) -> None:
        _refuse(f"a server at {self.getsockname()}")
        listened(self, *backlog)

    multiprocessing.process.BaseProcess.start = start  # type: ignore[method-assign]
    socket.socket.listen = listen  # type: ignore[assignment, method-assign]


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _offences is None or (event in PROCESS_EVENTS and arguments and arguments[0] in HARMLESS):
        return
    if event in PROCESS_EVENTS:
        _refuse(f"the process {arguments[0] if arguments else '(a fork)'}")
    elif event == "import" and arguments[0] in SESSION_MODULES:
        _refuse(f"Spark's session ({arguments[0]})")


def _refuse(what: str) -> None:
    if _offences is not None:
        _offences.append(what)
        raise NotQuick(f"a test of the quick lane used {what}: {REMEDY}")
