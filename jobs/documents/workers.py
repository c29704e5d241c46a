"""Many documents are made by as many processes as there are cores, few in the process of the job."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import pyarrow as pa

from jobs.documents.making import Made, Maker
from lakehouse import processes

# A process takes about two seconds to load what it works with, in which one makes some hundred documents of 4 kB.
FEW_ROWS = 1_000

Make = Callable[[Iterable[pa.RecordBatch]], Iterator[list[Made]]]


@contextmanager
def making(maker: Maker, rows: int) -> Iterator[Make]:
    """A function that makes the documents of batches of rows, in their order; some batches at a time are in memory.

    Args:
        maker: what they are made by.
        rows: how many there are, about.

    Raises:
        WorkerLost: a process was killed.
    """
    if rows <= FEW_ROWS or (os.cpu_count() or 1) == 1:
        yield lambda batches: (maker.make(batch.to_pylist()) for batch in batches)
        return
    with processes.pool(partial(_begin, maker)) as pool:
        yield lambda batches: processes.in_order(pool, _make, batches)


_MAKER: Maker | None = None


def _begin(maker: Maker) -> None:
    global _MAKER
    _MAKER = maker


def _make(batch: pa.RecordBatch) -> list[Made]:
    assert _MAKER is not None
    return _MAKER.make(batch.to_pylist())
