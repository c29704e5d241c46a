"""Work of many rows for two threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest

from lakehouse.storage import worker_threads


def test_two_works_of_many_rows_are_done_at_once_and_come_in_their_order() -> None:
    both = threading.Barrier(2)

    def wait_for_the_other(name: str) -> str:
        both.wait(timeout=20)
        return name

    works = [partial(wait_for_the_other, name) for name in "abcd"]
    assert list(worker_threads.run(works, worker_threads.MANY_ROWS)) == list("abcd")


def test_works_of_few_rows_are_done_here_and_only_when_asked_for() -> None:
    done: list[threading.Thread] = []

    def work() -> None:
        done.append(threading.current_thread())

    found = worker_threads.run([work, work], worker_threads.MANY_ROWS - 1)
    assert done == []
    next(found)
    assert done == [threading.current_thread()]


@pytest.mark.parametrize("rows", [0, worker_threads.MANY_ROWS])
def test_an_error_is_raised_as_it_was(rows: int) -> None:
    def fail() -> None:
        raise ValueError("of the second work")

    works: list[Callable[[], None]] = [lambda: None, fail]
    with pytest.raises(ValueError, match="of the second work"):
        list(worker_threads.run(works, rows))
