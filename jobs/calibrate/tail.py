"""The limit that a fresh ordinary value exceeds with a chosen chance, from values of which only few are independent.

Values of neighbouring days overlap: eight weeks hold eight windows of seven days that share nothing, and no far quantile can be
read off them. So the upper values are taken as exponential beyond a threshold, which the tails of most distributions nearly
are, and the limit is the predictive one. With k independent excesses of mean s, a fresh value lies above threshold + y with the
chance share x (1 + y / (k s)) ** -k, exactly: an exponential value over the mean of k others has an F distribution with 2 and 2k
degrees of freedom. What is not known about s is in it, so that few weeks give wide limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Of many values only the greatest tell about the tail: so many independent ones at most.
MOST_EXCESSES = 20
# A limit lies above the threshold by so many times what the greatest value does, at most.
FURTHEST = 1.5


@dataclass(frozen=True)
class Tail:
    """The upper tail of a statistic on ordinary days.

    Attributes:
        values: all measured, ascending; at least one.
        effective: how many independent ones they stand for, at least 2.
        excesses: independent values above the threshold.
        threshold: where the tail begins.
        scale: mean of what lies above the threshold, less the threshold.
    """

    values: tuple[float, ...]
    effective: float
    excesses: float
    threshold: float
    scale: float

    @classmethod
    def of(cls, values: Sequence[float], effective: float) -> Tail:
        """The tail of values that stand for ``effective`` independent ones."""
        known = np.sort(np.asarray(values, dtype=np.float64))
        effective = max(2.0, min(effective, float(len(known))))
        excesses = min(float(MOST_EXCESSES), effective / 2)
        threshold = float(np.quantile(known, 1 - excesses / effective, method="lower"))
        above = known[known > threshold]
        scale = float(above.mean() - threshold) if len(above) else 0.0
        return cls(tuple(known.tolist()), effective, excesses, threshold, scale)

    @property
    def greatest(self) -> float:
        """The greatest value."""
        return self.values[-1]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return float(np.median(self.values))

    @property
    def share(self) -> float:
        """The chance of a fresh value above the threshold: as of n values in a row the next exceeds the k-th greatest."""
        return (self.excesses + 1) / (self.effective + 1)

    def limit(self, rate: float) -> float:
        """The limit that a fresh value exceeds with this chance.

        Never further above the greatest value than half of what that lies above the threshold: what was not seen is guessed no
        further, and ``expected`` says what chance is left.
        """
        if rate >= self.share or self.scale == 0:
            # Where the middle of the distribution decides, and where all upper values are the same.
            return self.greatest if self.scale == 0 else float(np.quantile(self.values, 1 - rate, method="higher"))
        beyond = float(self.excesses * self.scale * ((rate / self.share) ** (-1 / self.excesses) - 1))
        limit = self.threshold + min(beyond, FURTHEST * (self.greatest - self.threshold))
        # Where one value in so many is more than the rate allows, none that was seen may lie beyond.
        return max(limit, self.greatest) if rate * self.effective < 1 else limit

    def expected(self, limit: float) -> float:
        """The chance that a fresh ordinary value exceeds the limit."""
        if limit < self.threshold:
            above = sum(value > limit for value in self.values) / len(self.values)
            return (above * self.effective + 1) / (self.effective + 1)
        if self.scale == 0:
            return 1 / (self.effective + 1) if limit >= self.greatest else self.share
        away = (limit - self.threshold) / (self.excesses * self.scale)
        return float(self.share * (1 + away) ** -self.excesses)
