"""What documents on different sides of a split have in common, counted run by run, for the audit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lakehouse.declaration.dataset_documents import Near

Numbers = NDArray[np.uint64]
Counts = NDArray[np.int64]

# So many numbers of runs are looked at together: eight bytes each.
RUNS_TOGETHER = 2_000_000
# So many counts.
COUNTS_TOGETHER = 2_000_000


@dataclass(frozen=True)
class Common:
    """Two documents, by their numbers, and how many runs they have in common."""

    one: int
    other: int
    jaccard: float
    containment: float


def common(file: IO[bytes], lengths: Counts, sides: Counts, near: Near) -> Iterator[Common]:
    """The documents on different sides that have enough in common.

    Args:
        file: the runs of all documents, one after the other, eight bytes a run.
        lengths: how many each has.
        sides: of each; the first one, 0, is the largest.
        near: the limits.
    """
    matrix, bits = _on_other_sides(file, lengths, sides)
    # One of a near pair has at least this much of its own runs in the other.
    share = min(near.containment, near.jaccard * 2 / (near.jaccard + 1))
    elsewhere = np.zeros(len(lengths), np.int64)
    for side in np.unique(sides).tolist():
        of_side = sides == side
        elsewhere[of_side] = (matrix @ (bits & (255 - (1 << side)) != 0).astype(np.int32))[of_side]
    rows = np.flatnonzero(elsewhere >= np.maximum(1, share * lengths - 1e-6))
    if not len(rows):
        return
    asked = matrix[rows]
    runs = np.unique(asked.indices)
    asked, by_run = asked[:, runs], matrix[:, runs].T.tocsr()
    spent = np.cumsum(asked @ np.diff(by_run.indptr).astype(np.int64))
    at = 0
    while at < len(rows):
        before = spent[at - 1] if at else 0
        end = max(at + 1, int(np.searchsorted(spent, before + COUNTS_TOGETHER, side="right")))
        met = (asked[at:end] @ by_run).tocoo()
        yield from _enough(rows[at:end][met.coords[0]], met.coords[1], met.data, lengths, sides, near)
        at = end


def _enough(one: Counts, other: Counts, runs: Counts, lengths: Counts, sides: Counts, near: Near) -> Iterator[Common]:
    """Of these counts those of documents on two sides that reach a limit, each pair once."""
    smaller = (lengths[one] < lengths[other]) | ((lengths[one] == lengths[other]) & (one < other))
    asked = smaller & (sides[one] != sides[other])
    one, other, runs = one[asked], other[asked], runs[asked]
    jaccard, containment = runs / (lengths[one] + lengths[other] - runs), runs / lengths[one]
    for at in np.flatnonzero((jaccard >= near.jaccard) | (containment >= near.containment)).tolist():
        yield Common(int(one[at]), int(other[at]), float(jaccard[at]), float(containment[at]))


def _on_other_sides(file: IO[bytes], lengths: Counts, sides: Counts) -> tuple[sparse.csr_array, NDArray[np.uint8]]:
    """The documents by the runs that any document beyond the first side has, and by run the sides that have it, as bits."""
    beyond = [runs[np.repeat(sides[rows] != 0, lengths[rows])] for rows, runs in _parts(file, lengths)]
    known = _each_once(np.concatenate([np.zeros(0, np.uint64), *beyond]))
    beyond.clear()
    bits = np.zeros(len(known), np.uint8)
    columns, counts = [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    for rows, runs in _parts(file, lengths):
        owner = np.repeat(rows, lengths[rows])
        place = np.searchsorted(known, runs)
        hit = np.flatnonzero(place < len(known))
        hit = hit[known[place[hit]] == runs[hit]]
        for side in np.unique(sides[rows]).tolist():
            bits[place[hit[sides[owner[hit]] == side]]] |= np.uint8(1 << side)
        columns.append(place[hit].astype(np.int32))
        counts.append(np.bincount(owner[hit] - rows[0], minlength=len(rows)) if len(rows) else rows)
    indptr = np.cumsum(np.concatenate(counts))
    column = np.concatenate(columns)
    ones = np.ones(len(column), np.int32)
    return sparse.csr_array((ones, column, indptr), shape=(len(lengths), len(known))), bits


def _each_once(numbers: Numbers) -> Numbers:
    # Sorting takes a fifth of the time of numpy's table of hashes.
    numbers.sort()
    return numbers[np.append(True, numbers[1:] != numbers[:-1])] if len(numbers) else numbers


def _parts(file: IO[bytes], lengths: Counts) -> Iterator[tuple[Counts, Numbers]]:
    """The documents and their runs, some at a time."""
    file.seek(0)
    ends, at = np.cumsum(lengths), 0
    while at < len(lengths):
        before = int(ends[at - 1]) if at else 0
        end = max(at + 1, int(np.searchsorted(ends, before + RUNS_TOGETHER, side="right")))
        count = int(ends[end - 1]) - before
        yield np.arange(at, end), np.frombuffer(file.read(count * 8), np.uint64)
        at = end
