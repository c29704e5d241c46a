"""How probable so many standard errors are: Student's t with the days that are known, heavier where training's days are.

Days that a deviation lasts count as one. Of the excess kurtosis of training's days follow the degrees of freedom of the t that has
as heavy tails (4 + 6 / excess).

SciPy's functions are named by their module, which is imported when one is called: a night that is judged by declared limits calls
none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import NDArray

from jobs.monitor.alarms.least_chance import NO_MEMORY
from jobs.monitor.alarms.memory import TINY, Floats

# With fewer free days nothing is said.
LEAST_FREE = 5


@dataclass(frozen=True)
class Tails:
    """Of S series.

    Attributes:
        free: shape (S,), days that are free to vary.
        memory: shape (S,), for how many days a deviation lasts.
        excess: shape (S,), the excess kurtosis of days, as far as it is beyond chance.
    """

    free: Floats
    memory: Floats
    excess: Floats
    _known: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    def only(self, kept: NDArray[np.bool_]) -> Tails:
        """Some of the series; ``kept`` of shape (S,)."""
        return Tails(self.free[kept], self.memory[kept], self.excess[kept])

    def chance(self, z: Floats, length: int) -> Floats:
        """How probable so many standard errors are by chance, either way, for a window of so many days."""
        degrees, stretch = self._of(length)
        p = 2 * scipy.special.stdtr(degrees, -np.abs(z) * stretch)
        return np.asarray(np.where((self.free >= LEAST_FREE) & (z != 0), np.minimum(p, 1.0), 1.0), dtype=np.float64)

    def bound(self, chance: float, length: int) -> Floats:
        """The standard errors that an ordinary window exceeds with this chance; shape (S,)."""
        degrees, stretch = self._of(length)
        return np.asarray(-scipy.special.stdtrit(degrees, chance / 2) / stretch, dtype=np.float64)

    def _of(self, length: int) -> tuple[Floats, Floats]:
        """Degrees of freedom, and what brings their variance to 1."""
        if length not in self._known:
            self._known[length] = self._measured(length)
        return self._known[length]

    def _measured(self, length: int) -> tuple[Floats, Floats]:
        # How surely a variance is known depends on the squares of correlations, which fade sooner (Bartlett 1935).
        near = (self.memory - 1) / (self.memory + 1)
        alike = (1 + near**2) / (1 - near**2)
        # Where days last, how much windows vary is known from as many as there are, and not from the days.
        lasting = np.clip(self.memory - NO_MEMORY, 0.0, 1.0)
        free = self.free / np.maximum(alike, 1 + (length - 1) * lasting)
        # Means of several days are nearer to normal.
        excess = self.excess / length
        tails = np.where(excess > 0, 4 + 6 / np.maximum(excess, 1e-6), np.inf)
        stretch = np.where(tails < free, 1 / np.sqrt(np.maximum(1 - 2 / tails, 0.25)), 1.0)
        return np.maximum(np.minimum(free, tails), 0.5), stretch


def excess_of(standard: Floats, present: NDArray[np.bool_]) -> Floats:
    """The excess kurtosis of standardized days beyond what as many normal ones have by chance; both of shape (S, days)."""
    days = np.maximum(present.sum(axis=1), 1)
    second = (standard**2).sum(axis=1) / days
    fourth = (standard**4).sum(axis=1) / days
    # By so much the kurtosis of as many normal values strays by chance.
    noise = np.sqrt(24 / days)
    return np.asarray(np.maximum(0.0, fourth / np.maximum(second, TINY) ** 2 - 3 - noise), dtype=np.float64)
