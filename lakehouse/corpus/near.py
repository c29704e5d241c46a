"""Which texts are nearly the same: every pair whose runs of words reach the declared limits, and not only most of them.

The smaller one of a near pair has at least a certain share of its runs in common with the other: the declared containment, or what
the declared Jaccard makes of it (with a Jaccard of j it is 2j / (1 + j)). So of its runs all but that share can be strange to the
other, and not one more: among that many and one, whichever they are, is a common one. Taken are those that the fewest texts have,
so that a licence that stands in every file makes no pair by itself. (Chaudhuri, Ganti and Kaushik, 2006; Bayardo, Ma and Srikant,
2007.) What they lead to is counted, run by run.

Texts by the thousand that are all near each other would make pairs by the million. So a run that more than `MANY` texts have is
passed over among those that hang together already; they are a family, each of which is to be taken as near to the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from lakehouse.corpus.run_sets import RunSets, SharedRuns
from lakehouse.corpus.shingles import Rows
from lakehouse.declaration.dataset_documents import Near

# A run of more texts than this makes no further pairs among those that hang together already.
MANY = 32
# So many candidates are looked at together: a hundred megabytes at the most.
TOGETHER = 2_000_000
PAIRS_TOGETHER = 8_000


@dataclass(frozen=True)
class NearPairs:
    """Near pairs of sets, by their numbers, the smaller number left.

    Attributes:
        left: one of each pair.
        right: the other.
        jaccard: common runs by all of both.
        containment: common runs by those of the smaller set.
        family: by set the number of its family; -1 where it has none. Not all pairs of a family are listed.
    """

    left: Rows
    right: Rows
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    family: Rows


def least_share(near: Near) -> float:
    """The share of the smaller text's runs that both of a near pair have at least."""
    return min(near.containment, 2 * near.jaccard / (1 + near.jaccard))


def find(
    sets: RunSets, near: Near, sides: Rows | None = None, many: int = MANY, place: Rows | None = None
) -> NearPairs:
    """The near pairs among sets of runs.

    Args:
        sets: all of them.
        near: the limits.
        sides: by set, as bits, the splits that its texts are in already. Of sets that hang together and are in several splits all
            pairs are listed: there are no families among them.
        many: a run that more sets have makes no further pairs among those that hang together.
        place: by set the number that it gets here, so that the order in which texts came makes no difference; None: its own.
    """
    return _Search(sets.shared(place), near, np.zeros(len(sets), np.int64) if sides is None else sides, many).run()


class _Search:
    def __init__(self, shared: SharedRuns, near: Near, sides: Rows, many: int) -> None:
        self._shared, self._near, self._sides = shared, near, sides
        self._by_run = shared.matrix.tocsc()
        count = len(shared.sizes)
        self._label = np.arange(count)
        self._family = np.full(count, -1, np.int64)
        self._families = 0
        self._found: list[tuple[Rows, Rows, NDArray[np.float64], NDArray[np.float64]]] = []
        # The columns are in the order of their frequency.
        self._first_long = int(np.searchsorted(shared.frequency, many, side="right"))

    def run(self) -> NearPairs:
        for rows, first, length in self._blocks():
            if len(rows):
                self._pairs_of(*self._without_families(rows, first, length))
        none = np.zeros(0, np.int64)
        parts = self._found or [(none, none, none.astype(np.float64), none.astype(np.float64))]
        left, right, jaccard, containment = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((right, left))
        return NearPairs(left[order], right[order], jaccard[order], containment[order], self._family)

    def _blocks(self) -> Iterator[tuple[Rows, Rows, Rows]]:
        """The sets that can be the smaller one of a pair, some at a time: where their runs begin, and how many of them suffice."""
        indptr = self._shared.matrix.indptr.astype(np.int64)
        present = np.diff(indptr)
        needed = np.ceil(least_share(self._near) * self._shared.sizes - 1e-9).astype(np.int64)
        able = np.flatnonzero((present >= needed) & (self._shared.sizes > 0) & (present > 0))
        length = (present - np.maximum(needed, 1) + 1)[able]
        # How many texts these runs lead to.
        reach = np.append(0, np.cumsum(self._shared.frequency[self._shared.matrix.indices], dtype=np.int64))
        cost = np.cumsum(reach[indptr[able] + length] - reach[indptr[able]])
        at, size = 0, 1
        while at < len(able):
            # Few at first: what they tie together saves the others the way.
            spent = cost[at - 1] if at else 0
            end = max(at + 1, min(at + size, int(np.searchsorted(cost, spent + TOGETHER, side="right"))))
            yield able[at:end], indptr[able[at:end]], length[at:end]
            at, size = end, size * 2

    def _without_families(self, rows: Rows, first: Rows, length: Rows) -> tuple[Rows, Rows]:
        """The first runs of these sets, as rows and columns, without those that only lead to what a set hangs together with."""
        owner = np.repeat(rows, length)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
        column = self._shared.matrix.indices[np.repeat(first, length) + within].astype(np.int64)
        if not (column >= self._first_long).any():
            return owner, column
        self._label = self._components()
        bits = np.zeros(len(self._label), np.int64)
        np.bitwise_or.at(bits, self._label, self._sides)
        runs, place = np.unique(column[column >= self._first_long], return_inverse=True)
        only = np.array([self._only_component(run) for run in runs.tolist()], np.int64)
        only[(only >= 0) & ~np.isin(bits[only], (0, 1, 2, 4))] = -1
        passed = np.zeros(len(owner), bool)
        passed[column >= self._first_long] = only[place] == self._label[owner[column >= self._first_long]]
        for component in np.unique(self._label[owner[passed]]):
            self._family[self._label == component] = self._families
            self._families += 1
        return owner[~passed], column[~passed]

    def _components(self) -> Rows:
        left = np.concatenate([found[0] for found in self._found] or [np.zeros(0, np.int64)])
        right = np.concatenate([found[1] for found in self._found] or [np.zeros(0, np.int64)])
        return components(len(self._label), left, right)

    def _only_component(self, run: int) -> int:
        """The component that all sets with a run are in; -1 where they are in several."""
        labels = self._label[self._by_run.indices[self._by_run.indptr[run] : self._by_run.indptr[run + 1]]]
        return int(labels[0]) if (labels == labels[0]).all() else -1

    def _pairs_of(self, owner: Rows, column: Rows) -> None:
        """Count what the runs of these sets lead to, and keep the near pairs."""
        rows, place = np.unique(owner, return_inverse=True)
        shape = (len(rows), self._shared.matrix.shape[1])
        asked = sparse.csr_array((np.ones(len(owner), np.int32), (place, column)), shape=shape)
        met = (asked @ self._by_run.T.tocsr()).tocoo() if len(rows) else sparse.coo_array((0, 0))
        small, large = rows[met.coords[0]], met.coords[1].astype(np.int64)
        sizes = self._shared.sizes
        # Of two that are as large either could be asked about, and perhaps both are.
        later = (sizes[large] > sizes[small]) | ((sizes[large] == sizes[small]) & (large > small))
        strange = (self._family[small] != self._family[large]) | (self._family[small] < 0)
        small, large = small[later & strange], large[later & strange]
        for at in range(0, len(small), PAIRS_TOGETHER):
            self._decide(small[at : at + PAIRS_TOGETHER], large[at : at + PAIRS_TOGETHER])

    def _decide(self, small: Rows, large: Rows) -> None:
        matrix, sizes = self._shared.matrix, self._shared.sizes
        common = np.asarray(matrix[small].multiply(matrix[large]).sum(axis=1)).ravel().astype(np.float64)
        jaccard, containment = common / (sizes[small] + sizes[large] - common), common / sizes[small]
        near = (jaccard >= self._near.jaccard) | (containment >= self._near.containment)
        low, high = np.minimum(small, large)[near], np.maximum(small, large)[near]
        self._found.append((low, high, jaccard[near], containment[near]))


def components(count: int, left: Rows, right: Rows) -> Rows:
    """By number below ``count`` what it hangs together with by these pairs: equal labels hang together."""
    graph = sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    labels: Rows = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    return labels
