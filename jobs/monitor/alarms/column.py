"""One column of the profile as alarms see it: which bins are known, beyond training or null, and where a bin lies."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from jobs.monitor.alarms.memory import Floats
from lakehouse.evaluation import category_codes
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution
from lakehouse.evaluation.packed_numbers import Whole

Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Column:
    """A column that is counted by bin.

    Attributes:
        name: of the feature, or of what it is.
        item: the bins; None for a label.
        ordered: whether a bin lies above the one before it.
        counts: shape (1 + slices, days, bins), of training: all rows first.
        beyond: shape (days,), rows of training beyond all other weeks.
        psi_limits: those that are known, by days of the window and chance.
    """

    name: str
    item: Distribution | CategoryDistribution | None
    ordered: bool
    counts: Whole
    beyond: Whole
    psi_limits: dict[tuple[int, float], float] = field(default_factory=dict)

    @cached_property
    def known(self) -> Bools:
        """Shape (bins,): the bins that training has rows in; null is none of them."""
        has_rows = self.counts[0].sum(axis=0) > 0
        has_rows[-1] = False
        return np.asarray(has_rows)

    @cached_property
    def outside(self) -> Bools:
        """Shape (bins,): the bins of values beyond what training saw."""
        rest = ~self.known
        rest[-1] = False
        return np.asarray(rest)

    @cached_property
    def ranks(self) -> Floats:
        """Shape (bins,): the mean rank of a bin's rows among training's known ones, from -0.5 to 0.5; of null 0."""
        rows = np.where(self.known, self.counts[0].sum(axis=0), 0).astype(np.float64)
        ranks = (rows.cumsum() - rows / 2) / max(rows.sum(), 1.0) - 0.5
        ranks[-1] = 0.0
        return np.asarray(ranks)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of the ranks of training's rows: 0.29 where all differ."""
        rows = np.where(self.known, self.counts[0].sum(axis=0), 0).astype(np.float64)
        return float(np.sqrt((rows * self.ranks**2).sum() / max(rows.sum(), 1.0)))

    def mean_ranks(self, counts: Whole) -> tuple[Floats, Floats]:
        """Rows with a value and their mean rank; ``counts`` of shape (..., bins)."""
        rows = counts[..., :-1].sum(axis=-1).astype(np.float64)
        return rows, (counts @ self.ranks) / np.maximum(rows, 1)

    def spread(self, counts: Whole) -> Floats:
        """The variance of a row's rank about its day's mean; ``counts`` of shape (series, days, bins)."""
        rows, mean = self.mean_ranks(counts)
        total = counts @ self.ranks**2 - rows * mean**2
        return np.asarray(total.sum(axis=1) / np.maximum(rows.sum(axis=1), 1), dtype=np.float64)

    def bin_in_words(self, place: int) -> str:
        """What lies in a bin."""
        if isinstance(self.item, CategoryDistribution):
            named = [level for level, its in zip(self.item.levels, self.item.bin, strict=True) if its == place]
            return category_codes.shown(named[0]) if len(named) == 1 else "the rare levels"
        if self.item is None or not self.item.edges:
            return f"bin {place}"
        edges = self.item.edges
        if place == 0:
            return f"at most {edges[0]:.6g}"
        return f"above {edges[-1]:.6g}" if place >= len(edges) else f"{edges[place - 1]:.6g} to {edges[place]:.6g}"
