"""The sets of runs of many texts: equal sets once, and of the runs only those that two sets or more have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from lakehouse.corpus.shingles import Hashes, Rows

# The runs are sorted in so many parts, by their first bits: each part is as small as this makes it.
PARTS = 16
_FIRST_BITS = np.uint64(60)


@dataclass(frozen=True)
class SharedRuns:
    """The runs that several sets have.

    Attributes:
        sizes: how many runs each set has, shared or not.
        matrix: sets by shared runs, ones; the columns in the order of how many sets have them, the rarest first.
        frequency: by column how many sets have the run.
    """

    sizes: Rows
    matrix: sparse.csr_array
    frequency: Rows


class RunSets:
    """Sets of runs, given some at a time; equal ones are one set. Eight bytes a run are held."""

    def __init__(self) -> None:
        self._sets: dict[bytes, int] = {}
        self._sizes: list[int] = []
        self._parts: list[list[tuple[Hashes, Rows]]] = [[] for _ in range(PARTS)]

    def __len__(self) -> int:
        """How many sets there are."""
        return len(self._sizes)

    def add(self, runs: Hashes, lengths: Rows, digests: list[bytes]) -> list[int]:
        """Take sets in.

        Args:
            runs: of all of them, one after the other, each sorted.
            lengths: how many each has.
            digests: of each, by which equal sets are known.

        Returns:
            The number of each one's set.
        """
        numbers, new = [], np.zeros(len(digests), bool)
        for at, digest in enumerate(digests):
            number = self._sets.get(digest)
            if number is None:
                number = self._sets[digest] = len(self._sizes)
                self._sizes.append(int(lengths[at]))
                new[at] = True
            numbers.append(number)
        if new.any():
            self._keep(runs[np.repeat(new, lengths)], lengths[new], len(self._sizes) - int(new.sum()))
        return numbers

    def _keep(self, runs: Hashes, lengths: Rows, first: int) -> None:
        part = (runs >> _FIRST_BITS).astype(np.uint8)
        order = np.argsort(part, kind="stable")
        owner = np.repeat(np.arange(len(lengths)), lengths)
        counts = np.bincount(owner * PARTS + part, minlength=len(lengths) * PARTS).reshape(-1, PARTS)
        ordered, ends = runs[order], np.cumsum(counts.sum(axis=0))
        for number, (begin, end) in enumerate(zip(np.append(0, ends[:-1]), ends, strict=True)):
            if end > begin:
                own = np.flatnonzero(counts[:, number])
                # The set and how many of its runs lie here: fewer bytes than the set beside each run.
                named = np.stack([own + first, counts[own, number]])
                self._parts[number].append((ordered[begin:end].copy(), named))

    def shared(self, place: Rows | None = None) -> SharedRuns:
        """The runs that several sets have. What was taken in is let go: this is asked once.

        Args:
            place: by set the number that it gets; None: its own.
        """
        place = np.arange(len(self._sizes)) if place is None else place
        owners, columns, frequencies = list[Rows](), list[Rows](), list[Rows]()
        width = 0
        for number in range(PARTS):
            part, self._parts[number] = self._parts[number], []
            if not part:
                continue
            runs = np.concatenate([found for found, _ in part])
            named = np.concatenate([named for _, named in part], axis=1)
            owner = np.repeat(place[named[0]], named[1]).astype(np.int32)
            part.clear()
            order = np.argsort(runs)
            runs, owner = runs[order], owner[order]
            begins = np.flatnonzero(np.append(True, runs[1:] != runs[:-1]))
            frequency = np.diff(np.append(begins, len(runs)))
            several = frequency > 1
            kept = np.repeat(several, frequency)
            owners.append(owner[kept])
            columns.append((np.repeat(np.arange(several.sum()), frequency[several]) + width).astype(np.int32))
            frequencies.append(frequency[several])
            width += int(several.sum())
        sizes = np.empty(len(self._sizes), np.int64)
        sizes[place] = self._sizes
        return _as_matrix(sizes, owners, columns, frequencies)


def _as_matrix(sizes: Rows, owners: list[Rows], columns: list[Rows], frequencies: list[Rows]) -> SharedRuns:
    none = np.zeros(0, np.int32)
    owner, column = np.concatenate([none, *owners]), np.concatenate([none, *columns])
    frequency = np.concatenate([none, *frequencies]).astype(np.int64)
    order = np.argsort(frequency, kind="stable")
    column_place = np.empty(len(order), np.int32)
    column_place[order] = np.arange(len(order), dtype=np.int32)
    shape = (len(sizes), len(order))
    matrix = sparse.csr_array((np.ones(len(owner), np.int32), (owner, column_place[column])), shape=shape)
    matrix.sort_indices()
    return SharedRuns(sizes, matrix, frequency[order])
