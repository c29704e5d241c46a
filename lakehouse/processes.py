"""Work on many parts in as many processes as there are cores: pure Python holds one of them alone."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeVar

from lakehouse.errors import WorkerLost

Part = TypeVar("Part")
Made = TypeVar("Made")

# A process takes half a second and more to begin, in which one core does the like of this to four thousand short texts.
FEW = 4_000


def mapped(
    work: Callable[[Part], Made], parts: Iterable[Part], count: Callable[[Part], int], few: int = FEW
) -> Iterator[Made]:
    """What ``work`` makes of each part, in the order of the parts; few of them are held at a time.

    Args:
        work: a function of a module, or a partial of one; parts and what it makes are pickled.
        parts: as they come.
        count: how many texts a part has.
        few: no more texts than this are worked on in this process.

    Raises:
        WorkerLost: a process was killed.
    """
    coming, first, texts = iter(parts), list[Part](), 0
    for part in coming:
        first.append(part)
        texts += count(part)
        if texts > few:
            break
    if texts <= few:
        yield from map(work, first)
        return
    with pool() as processes:
        yield from in_order(processes, work, chain(first, coming))


@contextmanager
def pool(begin: Callable[[], None] | None = None) -> Iterator[ProcessPoolExecutor]:
    """A process a core. They end with this one, also when it is killed.

    Args:
        begin: what each does first; pickled.

    Raises:
        WorkerLost: a process was killed.
    """
    # Nothing is copied from a process that may have threads: their locks would stay as they are for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, context, initializer=_begin, initargs=(begin,)) as processes:
        try:
            yield processes
        except BrokenProcessPool as error:
            raise WorkerLost(
                "expected the processes of this job to end their work, found one that was killed, maybe since the machine has too "
                "little memory; nothing was written: run it again, where there is more"
            ) from error
        finally:
            processes.shutdown(wait=True, cancel_futures=True)


def in_order(processes: ProcessPoolExecutor, work: Callable[[Part], Made], parts: Iterable[Part]) -> Iterator[Made]:
    """What ``work`` makes of each part, in the order of the parts; two a process are under way."""
    waiting, rest = deque[Future[Made]](), iter(parts)
    waiting.extend(processes.submit(work, part) for part in islice(rest, 2 * (os.cpu_count() or 1)))
    while waiting:
        yield waiting.popleft().result()
        waiting.extend(processes.submit(work, part) for part in islice(rest, 1))


def _begin(begin: Callable[[], None] | None) -> None:
    from threadpoolctl import threadpool_limits

    # There is a process a core: a library's threads would wait for one another by turning in circles.
    threadpool_limits(1)
    # A process that waits for work does not notice by itself that its parent was killed, and would wait for ever.
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if begin is not None:
        begin()
