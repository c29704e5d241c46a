"""What ordinary scores of a model version are like, on days that it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jobs.monitor.alarms.column import Column
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.shares import Shares
from lakehouse.evaluation.packed_numbers import Whole


@dataclass(frozen=True)
class Scores:
    """The scores of validation and holdout.

    Attributes:
        column: counted by bin; of several classes the decided ones.
        edges: of the bins.
        weekday: shape (days,).
        threshold: of decisions; None where there is none.
        lasts: the correlation of neighbouring days of what the scores are made of: so few days tell little of their own.
    """

    column: Column
    edges: tuple[float, ...]
    weekday: Whole
    threshold: float | None
    lasts: float

    @cached_property
    def means(self) -> Means:
        """Of the mean rank."""
        counts = self.column.counts
        return Means.of(
            *self.column.mean_ranks(counts), self.column.spread(counts), self.weekday, self.lasts, rare=False
        )

    @cached_property
    def decided(self) -> Shares | None:
        """Of the rows that are decided yes; None where there is no threshold."""
        if (place := self.yes) is None:
            return None
        counts = self.column.counts
        hits, rows = counts[..., place:-1].sum(axis=-1), counts[..., :-1].sum(axis=-1)
        return Shares.of(hits.astype(np.float64), rows.astype(np.float64), self.weekday, lasts=self.lasts, rare=False)

    @cached_property
    def yes(self) -> int | None:
        """The first bin of scores that are decided yes."""
        return None if self.threshold is None else int(np.searchsorted(self.edges, self.threshold, side="left"))

    @cached_property
    def _middles(self) -> Floats:
        """Shape (bins - 1,): of the bins of probabilities, without that of null."""
        edges = np.clip(np.array([0.0, *self.edges, 1.0]), 0.0, 1.0)
        return np.asarray((edges[1:] + edges[:-1]) / 2, dtype=np.float64)

    @cached_property
    def sureness(self) -> Floats:
        """Shape (bins,): how sure a score of a bin is, the greater one of p and 1 - p in its middle; of null 0."""
        return np.append(np.maximum(self._middles, 1 - self._middles), 0.0)

    @cached_property
    def daily(self) -> Floats:
        """Shape (days,): the mean probability of each day, by the middles of bins; 0 of days without scores."""
        counts = self.column.counts[0, :, :-1]
        return np.asarray(counts @ self._middles / np.maximum(counts.sum(axis=1), 1), dtype=np.float64)

    @cached_property
    def confidence(self) -> Means | None:
        """Of the mean sureness of a day; None unless the scores are probabilities of a yes."""
        if self.threshold is None:
            return None
        counts = self.column.counts
        rows = counts[..., :-1].sum(axis=-1).astype(np.float64)
        mean = counts @ self.sureness / np.maximum(rows, 1)
        total = (counts @ self.sureness**2).sum(axis=1) - (rows * mean**2).sum(axis=1)
        return Means.of(rows, mean, total / np.maximum(rows.sum(axis=1), 1), self.weekday, self.lasts, rare=False)
