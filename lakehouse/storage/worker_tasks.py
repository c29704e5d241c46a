"""Work for Spark's workers that is numbered, not framed: each number is a task, and what it makes comes back."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from lakehouse.storage import spark_session

# A task costs a worker up to 0.1 s before it begins, in which it checks four thousand rows.
ROWS_A_TASK = 50_000


def for_rows(rows: int, count: int) -> int:
    """How many tasks suit so many rows that lie in ``count`` parts: one a part where these are large."""
    return min(count, -(-rows // ROWS_A_TASK)) or 1


def run(application: str, count: int, work: Callable[[int], Iterable[Any]], tasks: int | None = None) -> Iterator[Any]:
    """What ``work`` gives for each number below ``count``, in any order.

    Args:
        application: the name of what Spark does.
        count: how many numbers.
        work: pickled to the workers; what it gives is pickled too.
        tasks: how many tasks share the numbers, evenly; by default each has one of its own.
    """
    if not count:
        return

    def work_on(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                for made in work(number):
                    yield pa.RecordBatch.from_pydict({"made": pa.array([pickle.dumps(made)], pa.binary())})

    session = spark_session.session(application)
    found = session.range(0, count, 1, tasks or count).mapInArrow(work_on, "made binary").toArrow()
    # Ours, from our own workers.
    yield from (pickle.loads(made) for made in found.column("made").to_pylist())
