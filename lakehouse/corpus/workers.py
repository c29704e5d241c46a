"""Work on many parts of a corpus, in as many processes as there are cores."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Part = TypeVar("Part")
Made = TypeVar("Made")

# A process takes about half a second to begin, in which one core cuts two thousand texts of 4 kB into runs.
FEW = 4_000


def in_order(
    work: Callable[[Part], Made], parts: Iterable[Part], count: Callable[[Part], int], few: int = FEW
) -> Iterator[Made]:
    """What ``work`` makes of each part, in the order of the parts; few of them are held at a time.

    Args:
        work: a function of a module; parts and what it makes are pickled.
        parts: as they come.
        count: how many texts a part has.
        few: no more texts than this are worked on in this process.
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
    workers = os.cpu_count() or 1
    waiting = deque[Future[Made]]()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        rest = chain(first, coming)
        waiting.extend(pool.submit(work, part) for part in islice(rest, 2 * workers))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(work, part) for part in islice(rest, 1))
