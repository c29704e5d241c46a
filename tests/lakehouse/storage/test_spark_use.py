"""What a server uses is divided among the runs that it works for, whole, by what runs of each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lakehouse.storage import spark_server, spark_use
from lakehouse.storage.spark_use import SparkUse

# Listens, and for each line that it reads uses so many seconds of its processor.
SERVER = """
import socket, sys, time
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
for line in sys.stdin:
    until = time.process_time() + float(line)
    while time.process_time() < until:
        pass
    print("done", flush=True)
"""


class Server:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.address = f"127.0.0.1:{self._said()}"
        self._began = self.seconds

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def works(self, seconds: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._said()

    @property
    def seconds(self) -> float:
        return sum(psutil.Process(self._process.pid).cpu_times()[:2])

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def server(lakehouse_root: Path) -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.mark.process
def test_a_server_is_divided_by_running_tasks_and_nothing_of_it_is_left(server: Server) -> None:
    one = SparkUse("one", server.address)
    server.works(0.2)
    other = SparkUse("other", server.address)
    one.note()
    assert one.seconds == pytest.approx(0.2, abs=0.05)
    begin = server.seconds
    one.began("a")
    other.began("b")
    one.runs("a", 3)
    other.runs("b", 1)
    before = one.seconds, other.seconds
    server.works(0.4)
    other.note()
    one.note()
    whole = server.seconds - begin
    assert one.seconds - before[0] == pytest.approx(0.75 * whole, abs=0.04)
    assert other.seconds - before[1] == pytest.approx(0.25 * whole, abs=0.04)
    one.ended("a")
    one.leave()
    server.works(0.2)
    other.leave()
    assert one.seconds + other.seconds == pytest.approx(server.seconds, abs=0.1)
    assert one.known == other.known == "divided"


@pytest.mark.process
def test_who_only_waits_pays_for_a_tenth_of_a_task(server: Server) -> None:
    works, waits = SparkUse("works", server.address), SparkUse("waits", server.address)
    works.began("a")
    waits.began("b")
    works.runs("a", 2)
    waits.runs("b", 0)
    before = waits.seconds
    server.works(0.3)
    works.note()
    waits.note()
    assert waits.seconds - before < 0.05 < works.seconds


@pytest.mark.process
def test_a_run_that_was_killed_takes_no_part_any_more(server: Server, lakehouse_root: Path) -> None:
    code = (
        "import sys; from lakehouse.storage.spark_use import SparkUse; SparkUse('killed', sys.argv[1]).began('a'); "
        "print('there', flush=True); sys.stdin.read()"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", code, server.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    lives = SparkUse("lives", server.address)
    begin, before = server.seconds, lives.seconds
    server.works(0.3)
    lives.note()
    assert lives.seconds - before == pytest.approx(server.seconds - begin, abs=0.03)


def test_a_server_that_is_not_seen_counts_the_seconds_of_its_tasks(lakehouse_root: Path) -> None:
    use = SparkUse("run", "192.0.2.1:15002")
    assert (use.elsewhere, use.known, use.seconds) == (True, "tasks", 0.0)
    use.began("a")
    use.note()
    assert use.seconds == 0.0
    use.runs("a", 1_000_000)
    use.ended("a")
    assert use.seconds > 0
    before = use.seconds
    use.note()
    assert use.seconds == before


def test_an_address_names_its_server_and_a_process_that_is_no_run_uses_none() -> None:
    assert spark_server.name_of("sc://host/;session_id=1") == "host:15002"
    assert spark_server.name_of("sc://127.0.0.1:7/;user_id=x") == "127.0.0.1:7"
    assert spark_use.at("host:15002") is None
    assert spark_use.end() is None
