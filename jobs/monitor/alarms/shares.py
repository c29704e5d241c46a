"""Whether a share of rows has grown or shrunk: values that are gone, that lie beyond training, decisions, labels.

Shares of few rows are skewed, so their chance is the binomial distribution's, with as many rows as the days are worth: rows of a
day that come and go together count as few (Rao and Scott 1981, an effective number of rows from the design effect of training's own
windows). Days of a kind have a variance of their own beside it, so a share must be beyond chance by `means` as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from jobs.monitor.alarms.least_chance import NO_MEMORY
from jobs.monitor.alarms.means import LESS_SURE, NEWEST, Means
from jobs.monitor.alarms.memory import TINY, Floats, rolling
from jobs.monitor.alarms.moved import Moved
from lakehouse.evaluation.packed_numbers import Whole

Ways = Literal["more", "both"]
# So many average days of all weekdays count into the share of each: a weekday's own rows are few.
PRIOR_DAYS = 2.0


@dataclass(frozen=True)
class Shares:
    """What ordinary days are like, of S shares.

    Attributes:
        hits, rows: shape (S, days), of training.
        weekday: shape (days,).
        expected: shape (S, 7), by weekday.
        means: of the daily shares.
        together: shape (S,), the least correlation of two rows of a day.
        lasting: shape (S,), for how many days rows are alike where they are.
    """

    hits: Floats
    rows: Floats
    weekday: Whole
    expected: Floats
    means: Means
    together: Floats
    lasting: Floats
    _effects: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        hits: Floats,
        rows: Floats,
        weekday: Whole,
        together: Floats | None = None,
        lasting: Floats | None = None,
        lasts: float = 0.0,
        parts: int = 1,
        rare: bool = True,
    ) -> Shares:
        """Estimate them; shape (S, days) and (days,).

        ``together`` and ``lasting``, shape (S,): how alike rows are known to be from elsewhere. Hits so rare that training has
        hardly any say nothing on that. ``lasts``, ``parts`` and ``rare`` as `Means.of` has them.
        """
        together = np.zeros(len(rows)) if together is None else together
        lasting = np.ones(len(rows)) if lasting is None else lasting
        total, events = rows.sum(axis=1), hits.sum(axis=1)
        whole = (events + 0.5) / (total + 1)
        of_weekday = (weekday[:, None] == np.arange(7)).astype(np.float64)
        prior = PRIOR_DAYS * total / np.maximum((rows > 0).sum(axis=1), 1)
        expected = (hits @ of_weekday + (prior * whole)[:, None]) / np.maximum(rows @ of_weekday + prior[:, None], TINY)
        means = Means.of(rows, hits / np.maximum(rows, 1), whole * (1 - whole), weekday, lasts, parts, rare)
        return cls(hits, rows, weekday, expected, means, together, lasting)

    def only(self, kept: NDArray[np.bool_]) -> Shares:
        """Some of the shares; ``kept`` of shape (S,)."""
        if kept.all():
            return self
        return Shares(
            self.hits[kept],
            self.rows[kept],
            self.weekday,
            self.expected[kept],
            self.means.only(kept),
            self.together[kept],
            self.lasting[kept],
        )

    def design_effect(self, length: int) -> Floats:
        """Shape (S,): how many times more training's windows of so many days vary than rows by themselves would; at least 1."""
        if length not in self._effects:
            self._effects[length] = self._effect(length)
        return self._effects[length]

    def _effect(self, length: int) -> Floats:
        if self.rows.shape[1] < length:
            return np.ones(len(self.rows))
        on_day = self.rows * self.expected[:, self.weekday]
        hits, expected, rows = (rolling(values, length) for values in (self.hits, on_day, self.rows))
        variance = expected * (1 - np.minimum(expected / np.maximum(rows, 1), 1 - TINY))
        squares = ((hits - expected) ** 2).sum(axis=1)
        return np.asarray(np.maximum(1.0, squares / np.maximum(variance.sum(axis=1), TINY)), dtype=np.float64)

    def moved(self, hits: Floats, rows: Floats, weekday: Whole, leave_out: bool, ways: Ways) -> Moved:
        """A window of days, in order; shape (S, window) and (window,). ``shift`` is the share minus what is expected."""
        plain = self.means.moved(rows, hits / np.maximum(rows, 1), weekday, leave_out)
        on_day = rows * self.expected[:, weekday]
        total, expected, events = rows.sum(axis=1), on_day.sum(axis=1), hits.sum(axis=1)
        upward, length = events >= expected, rows.shape[1]
        chance = self._binomial(events, expected, total, length, upward, ways)
        if leave_out:
            excess = hits - on_day
            place = np.where(upward, np.argmax(excess, axis=1), np.argmin(excess, axis=1))[:, None]
            gone = [np.take_along_axis(values, place, axis=1)[:, 0] for values in (hits, on_day, rows)]
            rest = self._binomial(events - gone[0], expected - gone[1], total - gone[2], length - 1, upward, ways)
            chance = np.maximum(chance, rest / LESS_SURE)
        shift = np.where(total > 0, (events - expected) / np.maximum(total, 1), 0.0)
        chance = np.maximum(chance, plain.chance if ways == "both" else np.where(plain.z > 0, plain.chance / 2, 1.0))
        return Moved(shift, plain.z, plain.kept, np.minimum(chance, 1.0), plain.since)

    def newest(self, hits: Floats, rows: Floats, weekday: Whole, ways: Ways) -> Floats:
        """How probable the newest days alone are by chance, given how long a deviation lasts (`Means.newest`); shape (S,)."""
        last = slice(-NEWEST, None)
        chance = self.moved(hits[:, last], rows[:, last], weekday[last], rows.shape[1] > 1, ways).chance
        return np.maximum(chance, self.means.newest(rows, hits / np.maximum(rows, 1), weekday))

    def _binomial(
        self, hits: Floats, expected: Floats, rows: Floats, length: int, upward: NDArray[np.bool_], ways: Ways
    ) -> Floats:
        days = (self.rows > 0).sum(axis=1)
        length = max(length, 1)
        # A spell of days is one event: what is beyond all others today is so tomorrow.
        spell = np.where(self.lasting > NO_MEMORY, length, 1)
        alike = 1 + (rows / length * spell - 1) * self.together
        effect = np.maximum(self.design_effect(length), alike)
        # Training's rows are worth so many: less than one of them in as many is never known.
        of_training = self.rows.sum(axis=1)
        worth_all = of_training / (1 + (of_training / np.maximum(days, 1) * self.lasting - 1) * self.together)
        least = np.where(self.together > 0, 1 / (worth_all + 1), TINY)
        share = np.clip(np.maximum(expected / np.maximum(rows, TINY), least), TINY, 1 - TINY)
        # That the expected share is an estimate itself makes the window's rows count for less.
        known = np.maximum(self.rows.sum(axis=1) / effect, 1)
        worth = rows / effect
        worth = worth / (1 + worth / known)
        events = hits * worth / np.maximum(rows, TINY)
        more = scipy.special.betainc(np.maximum(events, TINY), np.maximum(worth - events + 1, TINY), share)
        fewer = scipy.special.betainc(np.maximum(worth - events, TINY), events + 1, 1 - share)
        none = (rows <= 0) | (length < 1)
        if ways == "more":
            return np.asarray(np.where(none | ~upward | (events <= 0), 1.0, more), dtype=np.float64)
        both = 2 * np.where(upward, np.where(events > 0, more, 1.0), fewer)
        return np.asarray(np.where(none, 1.0, both), dtype=np.float64)
