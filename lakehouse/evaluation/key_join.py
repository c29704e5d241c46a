"""Rows of one table beside those of another with the same key, without Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Names that no column has: declared ones begin with a letter.
LEFT, RIGHT = "_left", "_right"
# A table of positions by number may have so many places a row: 16 bytes a row, which are filled and read in order of memory.
PLACES_A_ROW = 4


def left_join(left: pa.Table, right: pa.Table, key: Sequence[str]) -> pa.Table:
    """Each row of ``left``, in its order, with the other columns of the rows of ``right`` that have its key; null where none has.

    Args:
        left: has the key's columns, in which no value is null.
        right: has them too, and others that ``left`` does not have.
        key: the columns that are compared.
    """
    others = [name for name in right.column_names if name not in key]
    if not _same(left, right, key):
        ours, theirs = _positions(left.select(list(key)), right.select(list(key)))
        left = left if ours is None else left.take(ours)
        right = right.select(others).take(theirs)
    for name in others:
        left = left.append_column(right.schema.field(name), right.column(name))
    return left


def together(tables: Sequence[pa.Table], key: Sequence[str]) -> list[pa.Table]:
    """Tables to be joined to another one, those of which lie in one order as one: keys are then matched once and not for each.

    Args:
        tables: each has every key once, and columns of its own.
        key: the columns that are compared.
    """
    found: list[pa.Table] = []
    for table in tables:
        if found and _same(found[-1], table, key):
            for name in (name for name in table.column_names if name not in key):
                found[-1] = found[-1].append_column(table.schema.field(name), table.column(name))
        else:
            found.append(table)
    return found


def _same(left: pa.Table, right: pa.Table, key: Sequence[str]) -> bool:
    """Whether both have the same keys in the same order: what one stage wrote in the order in which it read another's rows."""
    return len(left) == len(right) and all(left.column(name).equals(right.column(name)) for name in key)


def _positions(left: pa.Table, right: pa.Table) -> tuple[pa.Array | None, pa.Array]:
    """For each row of the result its row on the left (None: each row, once), and its row on the right, null where there is none."""
    if left.num_columns == 1 and (found := _by_number(left.column(0), right.column(0))) is not None:
        return None, found
    numbered = left.append_column(LEFT, pa.array(np.arange(len(left))))
    others = right.append_column(RIGHT, pa.array(np.arange(len(right))))
    joined = numbered.join(others, left.column_names, join_type="left outer", use_threads=False)
    ours, theirs = joined.column(LEFT), joined.column(RIGHT)
    places = ours.to_numpy()
    if not np.all(places[:-1] <= places[1:]):
        order = pc.sort_indices(joined.select([LEFT, RIGHT]), [(LEFT, "ascending"), (RIGHT, "ascending")])
        ours, theirs = ours.take(order), theirs.take(order)
    return ours, theirs


def _by_number(left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.Array | None:
    """The same for whole numbers that lie close together and are each once on the right; None for others."""
    if not pa.types.is_integer(left.type) or not len(left) or not len(right) or left.null_count or right.null_count:
        return None
    theirs, ours = right.to_numpy(), left.to_numpy()
    first, last = int(theirs.min()), int(theirs.max())
    places = last - first + 1
    if places > PLACES_A_ROW * len(theirs):
        return None
    # Positions of half the size as long as they suffice: of many rows memory is what takes the time.
    size: Any = np.int32 if len(theirs) < 2**31 else np.int64
    place: NDArray[np.signedinteger[Any]] = np.full(places, -1, dtype=size)
    place[_from(first, theirs)] = np.arange(len(theirs), dtype=size)
    if np.count_nonzero(place >= 0) < len(theirs):
        return None
    if first <= ours.min() and ours.max() <= last:
        found = place[_from(first, ours)]
        missing = found < 0
    else:
        within = (ours >= first) & (ours <= last)
        found = place[np.where(within, _from(first, ours), 0)]
        missing = ~within | (found < 0)
    return pa.array(found, mask=missing if missing.any() else None)


def _from(first: int, numbers: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How far each number is from the first one; those before it come out negative."""
    wide: NDArray[np.int64] = numbers.astype(np.int64, copy=False)
    return wide - first if first else wide
