"""Work for Spark's workers that is numbered, not framed: each number is a task, and what it makes comes back."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from lakehouse.storage import spark_session

# A task costs a worker hundredths of a second before it begins.
ROWS_A_TASK = 50_000
# More objects than a task leaves behind; imports make a hundred thousand.
MANY_OBJECTS = 20_000


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
        _keep_imports()
        for batch in batches:
            for number in batch.column("id").to_pylist():
                for made in work(number):
                    yield pa.RecordBatch.from_pydict({"made": pa.array([pickle.dumps(made)], pa.binary())})

    session = spark_session.session(application)
    found = session.range(0, count, 1, tasks or count).mapInArrow(work_on, "made binary").toArrow()
    # Ours, from our own workers.
    yield from (pickle.loads(made) for made in found.column("made").to_pylist())


def _keep_imports() -> None:
    """Take what lives at the beginning of a task for permanent: a worker collects garbage after each.

    Going through the objects of all that is imported takes 0.06 s each time, several times what the rest of a small task costs.
    """
    if len(gc.get_objects()) > MANY_OBJECTS:
        gc.freeze()
