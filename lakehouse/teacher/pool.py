"""Work on many documents, some at a time: here, or in as many processes as there are cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

from lakehouse import processes

Item = TypeVar("Item")
Made = TypeVar("Made")

# A process begins with some seconds of imports: fewer documents than these are done by then (3 ms an answer).
MANY = 2000
# So many at once are sent to a process; here fewer, since the caller may have other things under way.
CHUNK, CHUNK_HERE = 100, 10


def mapped(work: Callable[[list[Item]], Made], items: Iterable[Item], many: int = MANY) -> Iterator[Made]:
    """What ``work`` makes of the items, some at a time, in their order: here where they are few, else in other processes.

    Args:
        work: a function of a module, or a partial of one, with values that can be sent to a process.
        items: some hundred of them are held.
        many: from so many on.

    Raises:
        WorkerLost: a process was killed.
    """
    left = iter(items)
    first = list(islice(left, many))
    if len(first) < many:
        yield from map(work, _chunks(first, CHUNK_HERE))
        return
    with processes.pool() as pool:
        yield from processes.in_order(pool, work, _chunks(chain(first, left), CHUNK))


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk
