"""Many documents are made by as many processes as there are cores, few in the process of the job."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import pyarrow as pa
from threadpoolctl import threadpool_limits

from jobs.documents.making import Made, Maker
from lakehouse.errors import WorkerLost

# A process takes about two seconds to load what it works with, in which one makes some hundred documents of 4 kB.
FEW_ROWS = 1_000

Make = Callable[[Iterable[pa.RecordBatch]], Iterator[list[Made]]]


@contextmanager
def making(maker: Maker, rows: int) -> Iterator[Make]:
    """A function that makes the documents of batches of rows, in their order; some batches at a time are in memory.

    Args:
        maker: what they are made by.
        rows: how many there are, about.
    """
    processes = os.cpu_count() or 1
    if rows <= FEW_ROWS or processes == 1:
        yield lambda batches: (maker.make(batch.to_pylist()) for batch in batches)
        return
    # Nothing is copied from a process that may have threads.
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(maker,)) as pool:
        try:
            yield lambda batches: _in_order(pool, batches, 2 * processes)
        except BrokenProcessPool as error:
            raise WorkerLost(
                f"dataset {maker.name}: a process that made documents was killed, maybe since the machine has too little memory; "
                "nothing of the day was written: run it again, where there is more"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, batches: Iterable[pa.RecordBatch], most: int) -> Iterator[list[Made]]:
    waiting: deque[Future[list[Made]]] = deque()
    rest = iter(batches)
    for batch in itertools.islice(rest, most):
        waiting.append(pool.submit(_make, batch))
    while waiting:
        yield waiting.popleft().result()
        for batch in itertools.islice(rest, 1):
            waiting.append(pool.submit(_make, batch))


_MAKER: Maker | None = None


def _begin(maker: Maker) -> None:
    global _MAKER
    # There is a process a core: a library's threads would wait for one another by turning in circles.
    threadpool_limits(1)
    _MAKER = maker


def _make(batch: pa.RecordBatch) -> list[Made]:
    assert _MAKER is not None
    return _MAKER.make(batch.to_pylist())
