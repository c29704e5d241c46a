"""Work for Spark's workers that is numbered, not framed: each number is a task, and what it makes comes back."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from lakehouse.storage import spark_session


def run(application: str, count: int, work: Callable[[int], Iterable[Any]]) -> Iterator[Any]:
    """What ``work`` gives for each number below ``count``, each in a task of its own, in any order."""
    if not count:
        return

    def work_on(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                for made in work(number):
                    yield pa.RecordBatch.from_pydict({"made": pa.array([pickle.dumps(made)], pa.binary())})

    session = spark_session.session(application)
    found = session.range(0, count, 1, count).mapInArrow(work_on, "made binary").toArrow()
    # Ours, from our own workers.
    yield from (pickle.loads(made) for made in found.column("made").to_pylist())
