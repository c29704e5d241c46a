"""Work that another process can do after one short import."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from lakehouse.teacher import pool


def multiplied(items: list[int], by: int) -> tuple[int, list[int]]:
    """The process that did it, and the items, each so many times."""
    return os.getpid(), [item * by for item in items]


def process(items: list[int]) -> int:
    """The process that works on them."""
    return os.getpid()


def without_end() -> Iterator[int]:
    """Ones: at first as many as begin the work, then one a second."""
    yield from [1] * pool.CHUNK * 10
    while True:
        time.sleep(1)
        yield 1


if __name__ == "__main__":
    # Names the processes that work for it, and then waits to be killed.
    for number in pool.mapped(process, without_end(), many=2):
        print(number, flush=True)
    sys.exit()
