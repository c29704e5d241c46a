"""Work of one task that two threads share, where it is of many rows.

Reading, sorting and calculating let go of the interpreter. A day is nearly always one task: a second core would stand idle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pyarrow as pa

Made = TypeVar("Made")

# Fewer are read and measured in less than a tenth of a second, and of small pieces the threads wait for one another.
MANY_ROWS = 1_000_000
THREADS = 2


def run(works: Sequence[Callable[[], Made]], rows: int) -> Iterator[Made]:
    """What each of the works gives, in their order.

    Args:
        works: none needs what another one gives.
        rows: how many they are about, together; of few the works are done one after another, each when it is asked for.
    """
    if rows < MANY_ROWS or len(works) == 1:
        for work in works:
            yield work()
        return
    # Imported here: most days have few rows.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(lambda work: work(), works)
    # What a thread of Arrow's has let go of stays with it otherwise, though the thread is gone.
    pa.default_memory_pool().release_unused()
