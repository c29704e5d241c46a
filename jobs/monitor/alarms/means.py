"""Whether the mean of something has moved: windows of days against training's days, which are the unit that chance draws.

The mean of day d is ``centre(weekday) + b + noise``: b has the variance between ordinary days, the noise that of the day's rows by
their number. Both are estimated from training: six rows a day get wide limits, and so does a column that has one value a day.

- The rows of training's days also say how much more windows vary than days that know nothing of one another would (``inflation``),
  for how many days a deviation lasts (``memory``, the integrated autocorrelation time: so many days count as one), and how much
  heavier the tails are than a normal distribution's. Chances are those of Student's t (`tails`), and where days differ for sure
  those of a spell of a kind that training did not have (`spells`).
- **A single day never moves a window**: without whichever of its days, a window must still be improbable, to a thirtieth. A holiday
  is one day.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jobs.monitor.alarms import moved, spells, weekdays
from jobs.monitor.alarms.memory import TINY, Floats, inflation, of_days, rolling
from jobs.monitor.alarms.moved import Moved
from jobs.monitor.alarms.tails import Tails, excess_of
from lakehouse.evaluation.packed_numbers import Whole

# Without a day the rest may be so many times as probable by chance.
LESS_SURE = 30.0
# By so many of the newest days alone a violation has to last, before it asks for a training.
NEWEST = 2


@dataclass(frozen=True)
class Means:
    """What ordinary days are like, of S series.

    Attributes:
        group: shape (7,), by weekday.
        centre: shape (S, groups).
        weight: shape (S, groups), how surely the centre is known: one over its variance.
        spread: shape (S,), variance of a row.
        between: shape (S,), variance of a day.
        tails: of the standard errors.
        near: shape (S,), the correlation of neighbouring days.
        unlike: shape (S,), variance of a day as far as it is sure (`spells`); 0 where no spell is feared.
        deviations: shape (S, days), weighted; ``weights`` the same without the deviation.
    """

    group: Whole
    centre: Floats
    weight: Floats
    spread: Floats
    between: Floats
    tails: Tails
    near: Floats
    unlike: Floats
    deviations: Floats
    weights: Floats
    _inflation: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        rows: Floats,
        mean: Floats,
        spread: Floats,
        weekday: Whole,
        lasts: float = 0.0,
        parts: int = 1,
        rare: bool = True,
        least: float = 0.0,
    ) -> Means:
        """Estimate them.

        Args:
            rows: shape (S, days).
            mean: of the same shape; one without rows is not looked at.
            spread: shape (S,), the variance of a row about its day's mean.
            weekday: shape (days,).
            lasts: the correlation of neighbouring days of what the series is made of, where that is known from elsewhere.
            parts: each so many series are a whole and its slices: what moves the whole moves them.
            rare: whether a spell of a kind that training did not have is thought of.
            least: of the variance between days, where more is known than so few days tell.
        """
        present = rows > 0
        mean = np.where(present, mean, 0.0)
        group = weekdays.groups(weekday, np.asarray(present.any(axis=0)))
        of_group = (group[weekday][:, None] == np.arange(int(group.max()) + 1)).astype(np.float64)
        used = (present @ of_group > 0).sum(axis=1)
        free = np.maximum(present.sum(axis=1) - used, 0).astype(np.float64)
        between = np.full(len(rows), least)
        noise = spread[:, None] / np.maximum(rows, 1)
        for _ in range(4):
            weights = np.where(present, 1 / (noise + between[:, None] + TINY), 0.0)
            weight = weights @ of_group
            centre = (weights * mean) @ of_group / np.maximum(weight, TINY)
            residual = np.where(present, mean - centre[:, group[weekday]], 0.0)
            # What is left of the squares when the rows' noise is taken out.
            squares = (weights * residual**2).sum(axis=1) * present.sum(axis=1) / np.maximum(free, 1)
            total = np.maximum(weights.sum(axis=1), TINY)
            between = np.maximum(least, (squares - (weights * noise).sum(axis=1)) / total)
        standard = residual * np.sqrt(weights)
        standard *= np.sqrt(present.sum(axis=1) / np.maximum(free, 1))[:, None]
        memory, near = of_days(standard)
        # So few days may have been calm by chance.
        near, memory = np.maximum(near, lasts), np.maximum(memory, (1 + lasts) / (1 - lasts))
        tails = Tails(free, memory, excess_of(standard, present))
        unlike = spells.sure(between, weights, free) if rare else np.zeros(len(rows))
        unlike = np.maximum(unlike, np.repeat(unlike[::parts], parts))
        return cls(group, centre, weight, spread, between, tails, near, unlike, weights * residual, weights)

    def only(self, kept: NDArray[np.bool_]) -> Means:
        """Some of the series; ``kept`` of shape (S,)."""
        if kept.all():
            return self
        return Means(
            self.group, self.centre[kept], self.weight[kept], self.spread[kept], self.between[kept], self.tails.only(kept),
            self.near[kept], self.unlike[kept], self.deviations[kept], self.weights[kept],
        )  # fmt: skip

    def inflation(self, length: int) -> Floats:
        """Shape (S,): the mean square of training's own windows of so many days in standard errors; at least 1."""
        if length not in self._inflation:
            self._inflation[length] = self._inflated(length)
        return self._inflation[length]

    def _inflated(self, length: int) -> Floats:
        if self.weights.shape[1] < length:
            # No window of training is as long.
            return inflation(self.near, length)
        above, below = rolling(self.deviations, length), rolling(self.weights, length)
        known = below > 0
        squares = np.where(known, above**2 / np.maximum(below, TINY), 0.0)
        days = (self.weights > 0).sum(axis=1)
        correction = days / np.maximum(self.tails.free, 1)
        return np.asarray(
            np.maximum(
                inflation(self.near, length), correction * squares.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
            ),
            dtype=np.float64,
        )

    def moved(self, rows: Floats, mean: Floats, weekday: Whole, leave_out: bool = True, rare: bool = True) -> Moved:
        """A window of days, in order.

        Args:
            rows: shape (S, window).
            mean: of the same shape.
            weekday: shape (window,).
            leave_out: whether one day is left out; not of a window of a single day.
            rare: whether a spell of a kind that training did not have is thought of.
        """
        weights, left = self._left(rows, mean, weekday)
        deviations, group, length = weights * left, self.group[weekday], rows.shape[1]
        # First the whole window, then without each of its days.
        days = np.hstack([np.ones((length, 1)), *([1 - np.eye(length)] if leave_out else [])])
        found = self._standard(deviations, weights, group, days, length)
        whole, others = found[:, 0], found[:, 1:]
        total = weights.sum(axis=1)
        shift = np.where(total > 0, deviations.sum(axis=1) / np.maximum(total, TINY), 0.0)
        chance, kept = self.tails.chance(whole, length), whole
        if rare:
            chance = np.maximum(chance, spells.chance(shift, self.unlike, self.inflation(length), length))
        if leave_out:
            same = np.all(np.sign(others) == np.sign(whole)[:, None], axis=1)
            kept = np.where(same, np.sign(whole) * np.abs(others).min(axis=1), 0.0)
            chance = np.maximum(chance, np.minimum(self.tails.chance(kept, length - 1) / LESS_SURE, 1.0))
            chance = np.where(kept == 0, 1.0, chance)
        return Moved(shift, whole, kept, chance, moved.since(deviations, weights))

    def newest(self, rows: Floats, mean: Floats, weekday: Whole) -> Floats:
        """How probable the newest days alone are by chance, shape (S,), given how long a deviation of the day before lasts.

        A spell that has begun goes on for some days by chance, and no two days of it are two events: what neighbouring days have in
        common by training, and a standard error more, is taken out. As in any window, one day is not enough.

        Args:
            rows: shape (S, window), the day before the newest ones among them where it is known.
            mean: of the same shape.
            weekday: shape (window,).
        """
        fresh = mean[:, -NEWEST:]
        if rows.shape[1] > NEWEST:
            before = slice(-NEWEST - 1, -NEWEST)
            _, left = self._left(rows[:, before], mean[:, before], weekday[before])
            days = np.maximum((self.weights > 0).sum(axis=1), 1)
            fresh = fresh - np.clip(self.near + 1 / np.sqrt(days), 0.0, 1.0)[:, None] * left
        return self.moved(rows[:, -NEWEST:], fresh, weekday[-NEWEST:], rows.shape[1] > 1, rare=False).chance

    def _left(self, rows: Floats, mean: Floats, weekday: Whole) -> tuple[Floats, Floats]:
        """The weights of days, and how far they are from what is expected; 0 of days without rows."""
        present = rows > 0
        variance = self.spread[:, None] / np.maximum(rows, 1) + self.between[:, None] + TINY
        return np.where(present, 1 / variance, 0.0), np.where(present, mean - self.centre[:, self.group[weekday]], 0.0)

    def _standard(self, deviations: Floats, weights: Floats, group: Whole, kept: Floats, length: int) -> Floats:
        """The standard errors of the window's days that each column of ``kept`` keeps, the first one all; shape (S, columns)."""
        above, below = deviations @ kept, weights @ kept
        reference = np.zeros_like(below)
        for number in np.unique(group).tolist():
            part = weights @ (kept * (group == number)[:, None])
            # The expected mean is an estimate too.
            reference += part**2 / np.maximum(self.weight[:, number, None], TINY)
        inflated = self.inflation(length)[:, None] * below
        inflated[:, 1:] = self.inflation(max(length - 1, 1))[:, None] * below[:, 1:]
        variance = inflated + self.tails.memory[:, None] * reference
        return np.asarray(np.where(below > 0, above / np.sqrt(np.maximum(variance, TINY)), 0.0), dtype=np.float64)
