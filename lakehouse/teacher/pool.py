"""Work on many documents by all cores: pure Python holds one of them alone."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from typing import TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Made = TypeVar("Made")

# A process begins with some seconds of imports: fewer documents than these are done by then (3 ms an answer).
MANY = 2000
# So many at once are sent to a process; here fewer, since whoever waits for them may have other things under way.
CHUNK, CHUNK_HERE = 100, 10


def mapped(work: Callable[[list[Item]], Made], items: Iterable[Item], many: int = MANY) -> Iterator[Made]:
    """What ``work`` makes of the items, some at a time, in their order: here where they are few, else in other processes.

    Args:
        work: a function of a module, or a partial of one, with values that can be sent to a process.
        items: some hundred of them are held.
        many: from so many on.
    """
    left = iter(items)
    first = list(islice(left, many))
    if len(first) < many:
        yield from map(work, _chunks(first, CHUNK_HERE))
        return
    workers = os.cpu_count() or 1
    # A fork would copy the threads' locks of Arrow and delta-rs as they are.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin) as pool:
        under_way: deque[Future[Made]] = deque()
        for chunk in _chunks(chain(first, left), CHUNK):
            under_way.append(pool.submit(work, chunk))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def _begin() -> None:
    # There is a process a core: a library's threads would wait for one another by turning in circles.
    threadpool_limits(1)
    # A process that waits for work does not notice by itself that whoever had it was killed, and would wait for ever.
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk
