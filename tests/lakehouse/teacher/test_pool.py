"""Work on many items gives the same, in the same order, here and in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.teacher import pool
from tests.lakehouse.teacher.asking import drawn
from tests.lakehouse.teacher.multiplied import multiplied


@drawn
@given(st.lists(st.integers(), max_size=60))
def test_few_items_are_worked_on_here_in_their_order(items: list[int]) -> None:
    found = list(pool.mapped(partial(multiplied, by=3), iter(items), many=100))
    assert [value for _, part in found for value in part] == [3 * item for item in items]
    assert {process for process, _ in found} <= {os.getpid()}


def test_no_more_is_taken_than_the_next_results_need() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(50):
            taken.append(item)
            yield item

    found = pool.mapped(partial(multiplied, by=1), items(), many=100)
    assert next(found)[1] == list(range(pool.CHUNK_HERE)) and len(taken) <= 100


@pytest.mark.process
def test_many_items_are_worked_on_by_processes_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CHUNK", 3)
    found = list(pool.mapped(partial(multiplied, by=2), iter(range(40)), many=5))
    assert [value for _, part in found for value in part] == [2 * item for item in range(40)]
    assert os.getpid() not in {process for process, _ in found}


@pytest.mark.process
def test_the_processes_end_when_whoever_had_them_is_killed() -> None:
    command = [sys.executable, "-m", "tests.lakehouse.teacher.multiplied"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
        assert _ended(worker)


def _ended(process: int) -> bool:
    for _ in range(300):
        try:
            os.kill(process, 0)
            if "State:\tZ" in Path(f"/proc/{process}/status").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.1)
    return False
