"""Answers that read rows: two at a time, within some seconds, and no long queue, so that the API server goes on serving others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import HTTPException, status

Answer = TypeVar("Answer")

AT_ONCE, IN_LINE, SECONDS = 2, 6, 20.0

_THREADS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="nightjar-evidence")
_LOCK = threading.Lock()
_working = 0


async def answer(work: Callable[[], Answer]) -> Answer:
    """What ``work`` returns, done in a thread.

    A thread can't be ended: work that takes too long goes on, and holds its place in the line until it is done. What it reads is
    limited, so it ends.

    Raises:
        HTTPException: 503 when too many wait, or when it takes too long.
    """
    global _working
    with _LOCK:
        if _working >= AT_ONCE + IN_LINE:
            raise _later("Too many people ask at once.")
        _working += 1
    # A request that is given up leaves its work in the thread.
    future = _THREADS.submit(_counted, work)
    try:
        return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), SECONDS)
    except TimeoutError as error:
        raise _later(f"It takes longer than {SECONDS:g} seconds.") from error


def _counted(work: Callable[[], Answer]) -> Answer:
    global _working
    try:
        return work()
    finally:
        with _LOCK:
            _working -= 1


def _later(why: str) -> HTTPException:
    said = f"{why} Try again in a minute, or ask on the command line: python -m lakehouse explain and compare give the same."
    return HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, said, {"Retry-After": "60"})
