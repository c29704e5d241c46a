"""The quick lane's guard sees what a quick test may not use, also where the error is caught, and lets the others be."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests import lanes


def _spawn() -> None:
    multiprocessing.get_context("spawn").Process(target=print).start()


def _serve() -> None:
    socket.create_server(("127.0.0.1", 0)).close()


def _join_spark() -> None:
    SparkSession.builder.remote("sc://127.0.0.1:1").getOrCreate()


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (lambda: subprocess.run([sys.executable, "-c", ""]), "the process"),
        (os.fork, "the process"),
        (_spawn, "the process SpawnProcess-"),
        (_serve, "a server at"),
        (_join_spark, "a session of Spark"),
    ],
)
def test_what_is_not_quick_fails_a_quick_test_also_where_the_error_is_caught(
    use: Callable[[], object], named: str
) -> None:
    with pytest.raises(lanes.NotQuick, match=rf"a test of the quick lane used {named}"), lanes.alone("outer"):
        use()
    in_the_end = pytest.raises(lanes.NotQuick, match=rf"^this test is in the quick lane and used {named}")
    with in_the_end, lanes.alone("this test"), suppress(lanes.NotQuick):
        use()


def test_a_quick_test_may_read_and_write_and_find_that_nobody_listens() -> None:
    with lanes.alone("this test"), pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", 1), timeout=1)


@pytest.mark.process
def test_another_lanes_test_starts_what_it_likes() -> None:
    assert subprocess.run([sys.executable, "-c", ""]).returncode == 0


def test_a_tests_fixtures_and_marks_put_it_into_its_lane(request: pytest.FixtureRequest) -> None:
    found = {item.name: {mark.name for mark in item.iter_markers()} for item in request.session.items}
    own = found[request.node.name]
    assert "quick" in own and not own & set(lanes.SLOW)
    assert "quick" not in found.get("test_another_lanes_test_starts_what_it_likes", ())
    for name, marks in found.items():
        assert ("quick" in marks) != bool(marks & set(lanes.SLOW)), name


def test_no_fixture_is_of_a_package() -> None:
    """The tests' folders are no packages: pytest would keep it, and what it has patched, until the worker's last test."""
    word = 'scope="' + 'package"'
    assert not [file for file in Path(__file__).parent.rglob("*.py") if word in file.read_text(encoding="utf-8")]
