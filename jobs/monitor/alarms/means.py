"""Whether the mean of something has moved: windows of days against training's days, which are the unit that chance draws.

The mean of day d is ``centre(weekday) + b + noise``: b has the variance between ordinary days, the noise that of the day's rows by
their number. Both are estimated from training: six rows a day get wide limits, and so does a column that has one value a day.

- The rows of training's days also say how much more windows vary than days that know nothing of one another would (``inflation``),
  for how many days a deviation lasts (``memory``, the integrated autocorrelation time: so many days count as one), and how much
  heavier the tails are than a normal distribution's (``excess``, the excess kurtosis). Chances are those of Student's t.
- **A single day never moves a window**: without whichever of its days, a window must still be improbable, to a tenth. A holiday is
  one day.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from jobs.monitor.alarms import weekdays
from jobs.monitor.alarms.least_chance import NO_MEMORY
from jobs.monitor.alarms.memory import TINY, inflation, lags_of, of_products
from lakehouse.evaluation.packed_numbers import Whole

Floats = NDArray[np.float64]

# With fewer free days nothing is said.
LEAST_FREE = 5
# Without a day the rest may be so many times as probable by chance.
LESS_SURE = 10.0


@dataclass(frozen=True)
class Moved:
    """By series: how far the window's mean is from what is expected, and how probable that is by chance.

    Attributes:
        shift: the mean of the window minus what is expected.
        z: the shift in its standard errors.
        kept: what is left of it without the day that speaks for it most; 0 when the other days speak against it.
        chance: the probability that an ordinary window has such a z or a greater one, either way; 1 where nothing is known.
        since: the place in the window from which on it has moved most clearly.
    """

    shift: Floats
    z: Floats
    kept: Floats
    chance: Floats
    since: Whole


@dataclass(frozen=True)
class Means:
    """What ordinary days are like, of S series.

    Attributes:
        group: shape (7,), by weekday.
        centre: shape (S, groups).
        weight: shape (S, groups), how surely the centre is known: one over its variance.
        spread: shape (S,), variance of a row.
        between: shape (S,), variance of a day.
        free: shape (S,), days that are free to vary.
        memory, near, excess: shape (S,); ``near`` is the correlation of neighbouring days.
        deviations: shape (S, days), weighted; ``weights`` the same without the deviation.
    """

    group: Whole
    centre: Floats
    weight: Floats
    spread: Floats
    between: Floats
    free: Floats
    memory: Floats
    near: Floats
    excess: Floats
    deviations: Floats
    weights: Floats
    _inflation: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Floats, mean: Floats, spread: Floats, weekday: Whole) -> Means:
        """Estimate them.

        Args:
            rows: shape (S, days).
            mean: of the same shape; one without rows is not looked at.
            spread: shape (S,), the variance of a row about its day's mean.
            weekday: shape (days,).
        """
        present = rows > 0
        mean = np.where(present, mean, 0.0)
        group = weekdays.groups(weekday, np.asarray(present.any(axis=0)))
        of_group = (group[weekday][:, None] == np.arange(int(group.max()) + 1)).astype(np.float64)
        used = (present @ of_group > 0).sum(axis=1)
        free = np.maximum(present.sum(axis=1) - used, 0).astype(np.float64)
        between = np.zeros(len(rows))
        noise = spread[:, None] / np.maximum(rows, 1)
        for _ in range(4):
            weights = np.where(present, 1 / (noise + between[:, None] + TINY), 0.0)
            weight = weights @ of_group
            centre = (weights * mean) @ of_group / np.maximum(weight, TINY)
            residual = np.where(present, mean - centre[:, group[weekday]], 0.0)
            # What is left of the squares when the rows' noise is taken out.
            squares = (weights * residual**2).sum(axis=1) * present.sum(axis=1) / np.maximum(free, 1)
            total = np.maximum(weights.sum(axis=1), TINY)
            between = np.maximum(0.0, (squares - (weights * noise).sum(axis=1)) / total)
        standard = residual * np.sqrt(weights)
        standard *= np.sqrt(present.sum(axis=1) / np.maximum(free, 1))[:, None]
        return cls(
            group, centre, weight, spread, between, free,
            *_memory(standard), _excess(standard, present), weights * residual, weights,
        )  # fmt: skip

    def only(self, kept: NDArray[np.bool_]) -> Means:
        """Some of the series; ``kept`` of shape (S,)."""
        if kept.all():
            return self
        return Means(
            self.group, self.centre[kept], self.weight[kept], self.spread[kept], self.between[kept], self.free[kept],
            self.memory[kept], self.near[kept], self.excess[kept], self.deviations[kept], self.weights[kept],
        )  # fmt: skip

    def inflation(self, length: int) -> Floats:
        """Shape (S,): the mean square of training's own windows of so many days in standard errors; at least 1."""
        if length not in self._inflation:
            self._inflation[length] = self._inflated(length)
        return self._inflation[length]

    def _inflated(self, length: int) -> Floats:
        if self.weights.shape[1] < length:
            return np.ones(len(self.spread))
        above, below = _rolling(self.deviations, length), _rolling(self.weights, length)
        known = below > 0
        squares = np.where(known, above**2 / np.maximum(below, TINY), 0.0)
        days = (self.weights > 0).sum(axis=1)
        correction = days / np.maximum(self.free, 1)
        return np.asarray(
            np.maximum(
                inflation(self.near, length), correction * squares.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            ),
            dtype=np.float64,
        )

    def moved(self, rows: Floats, mean: Floats, weekday: Whole, leave_out: bool = True) -> Moved:
        """A window of days, in order.

        Args:
            rows: shape (S, window).
            mean: of the same shape.
            weekday: shape (window,).
            leave_out: whether one day is left out; not of a window of a single day.
        """
        present = rows > 0
        weights = np.where(
            present, 1 / (self.spread[:, None] / np.maximum(rows, 1) + self.between[:, None] + TINY), 0.0
        )
        group = self.group[weekday]
        deviations = weights * np.where(present, mean - self.centre[:, group], 0.0)
        length = rows.shape[1]
        whole = self._standard(deviations, weights, group, np.ones((length, 1)), length)[:, 0]
        chance, kept = self.chance(whole, length), whole
        if leave_out:
            others = self._standard(deviations, weights, group, 1.0 - np.eye(length), length - 1)
            same = np.all(np.sign(others) == np.sign(whole)[:, None], axis=1)
            kept = np.where(same, np.sign(whole) * np.abs(others).min(axis=1), 0.0)
            chance = np.maximum(chance, np.minimum(self.chance(kept, length - 1) / LESS_SURE, 1.0))
            chance = np.where(kept == 0, 1.0, chance)
        total = weights.sum(axis=1)
        shift = np.where(total > 0, deviations.sum(axis=1) / np.maximum(total, TINY), 0.0)
        return Moved(shift, whole, kept, chance, _since(deviations, weights))

    def _standard(self, deviations: Floats, weights: Floats, group: Whole, kept: Floats, length: int) -> Floats:
        """The standard errors of the window's days that each column of ``kept`` keeps; shape (S, columns)."""
        of_group = (group[:, None] == np.arange(self.centre.shape[1])).astype(np.float64)
        above, below = deviations @ kept, weights @ kept
        parts = np.einsum("sw,wk,wg->skg", weights, kept, of_group)
        # The expected mean is an estimate too.
        reference = (parts**2 / np.maximum(self.weight[:, None, :], TINY)).sum(axis=2)
        variance = self.inflation(length)[:, None] * below + self.memory[:, None] * reference
        return np.asarray(np.where(below > 0, above / np.sqrt(np.maximum(variance, TINY)), 0.0), dtype=np.float64)

    def chance(self, z: Floats, length: int) -> Floats:
        """How probable so many standard errors are by chance, either way, for a window of so many days."""
        free, tails, stretch = self._tails(length)
        p = 2 * stdtr(np.maximum(np.minimum(free, tails), 0.5), -np.abs(z) * stretch)
        return np.asarray(np.where((self.free >= LEAST_FREE) & (z != 0), np.minimum(p, 1.0), 1.0), dtype=np.float64)

    def bound(self, chance: float, length: int) -> Floats:
        """The standard errors that an ordinary window exceeds with this chance; shape (S,)."""
        free, tails, stretch = self._tails(length)
        return np.asarray(-stdtrit(np.maximum(np.minimum(free, tails), 0.5), chance / 2) / stretch, dtype=np.float64)

    def _tails(self, length: int) -> tuple[Floats, Floats, Floats]:
        # Where days last, how much windows vary is known from as many as there are, and not from the days.
        lasting = np.clip(self.memory - NO_MEMORY, 0.0, 1.0)
        free = self.free / np.maximum(self.memory, 1 + (length - 1) * lasting)
        # Means of several days are nearer to normal.
        excess = self.excess / length
        tails = np.where(excess > 0, 4 + 6 / np.maximum(excess, 1e-6), np.inf)
        stretch = np.where(tails < free, 1 / np.sqrt(np.maximum(1 - 2 / tails, 0.25)), 1.0)
        return free, tails, stretch


def _memory(standard: Floats) -> tuple[Floats, Floats]:
    days = standard.shape[1]
    products = [(standard[:, lag:] * standard[:, :-lag]).sum(axis=1) for lag in range(1, lags_of(days) + 1)]
    return of_products(np.stack(products, axis=1), (standard**2).sum(axis=1), days)


def _excess(standard: Floats, present: NDArray[np.bool_]) -> Floats:
    days = np.maximum(present.sum(axis=1), 1)
    second = (standard**2).sum(axis=1) / days
    fourth = (standard**4).sum(axis=1) / days
    # By so much the kurtosis of as many normal values strays by chance.
    noise = np.sqrt(24 / days)
    return np.asarray(np.maximum(0.0, fourth / np.maximum(second, TINY) ** 2 - 3 - noise), dtype=np.float64)


def _rolling(values: Floats, length: int) -> Floats:
    running = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    return np.asarray(running[:, length:] - running[:, :-length], dtype=np.float64)


def _since(deviations: Floats, weights: Floats) -> Whole:
    """From which day on the sum of what is left stands out most."""
    above, below = (np.cumsum(values[:, ::-1], axis=1)[:, ::-1] for values in (deviations, weights))
    return np.asarray(np.argmax(np.abs(above) / np.sqrt(np.maximum(below, TINY)), axis=1), dtype=np.int64)
