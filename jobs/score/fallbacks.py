"""What scores a row where the model can't: the first declared fallback that has a score for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.score.given_scores import NONE, Bools, Codes, GivenScores
from jobs.score.last_scores import LastScores
from lakehouse.declaration import Fallback, UseCase, class_names
from lakehouse.declaration.rules import BASE_RATE, LAST_SCORE
from lakehouse.errors import NotScorable
from lakehouse.evaluation import base_rates
from lakehouse.models.class_decision import ClassRule

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Filled:
    """The scores with those of fallbacks: of each row the place of the fallback that it is from, NONE for the model, and of a last
    score its day.
    """

    given: GivenScores
    source: Codes
    day: Days


@dataclass(frozen=True)
class Fallbacks:
    """The declared fallbacks with what they need; it can be sent to a worker.

    Attributes:
        name: of the use case.
        chain: in their order.
        key: the columns of the entity's key.
        classes: of a label of several.
        probabilities: the columns of their probabilities.
        binary: whether the label is yes or no.
        rates: the base rate of each day that has one.
        last: looks up last scores; None: not declared.
        threshold: the champion's; None where there is none.
        rule: how one of several classes is decided.
    """

    name: str
    chain: tuple[Fallback, ...]
    key: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: tuple[str, ...]
    binary: bool
    rates: Mapping[dt.date, tuple[float, ...]]
    last: LastScores | None
    threshold: float | None
    rule: ClassRule | None

    @classmethod
    def of(cls, use_case: UseCase, days: Collection[dt.date], threshold: float | None) -> Fallbacks:
        """For the days that are scored, as the tables are now."""
        back = next((one.last_score.days for one in use_case.fallback if one.last_score is not None), None)
        return cls(
            name=use_case.name,
            chain=use_case.fallback,
            key=use_case.entity.key,
            classes=use_case.classes,
            probabilities=class_names.probability_columns(use_case.label),
            binary=use_case.binary,
            rates=base_rates.of_days(use_case, days) if any(one.base_rate for one in use_case.fallback) else {},
            last=None if back is None else LastScores.of(use_case, back, days),
            threshold=threshold,
            rule=ClassRule.declared(use_case),
        )

    def fill(
        self, rows: pa.Table, given: GivenScores, missing: Bools, day: dt.date, holds: Callable[[str], Bools]
    ) -> Filled:
        """The scores with those of the fallbacks where they are missing.

        Args:
            rows: of one day, with the key.
            given: the model's scores.
            missing: where they are not used.
            day: of the rows.
            holds: for which rows a condition over the entity and its features is true.

        Raises:
            NotScorable: no fallback has a score for a row.
        """
        source = np.full(len(rows), NONE, dtype=np.int64)
        days = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[D]")
        filled = GivenScores(given.score, given.decision, dict(given.probabilities))
        left = missing.copy()
        for place, one in enumerate(self.chain):
            if not left.any():
                break
            found, of_day, where = self._of(one, rows, day, left, holds)
            filled.put(where, found)
            source[where], days[where] = place, of_day[where]
            left &= ~where
        if left.any():
            raise NotScorable(
                f"{self.name}: expected a fallback to score {int(left.sum())} row(s) of {day} that the model can't, none has one "
                f"({', '.join(one.name for one in self.chain)}): the base rate needs labels of the {base_rates.DAYS} days before; "
                "mend the model or the features, or declare a rule without when as the last fallback"
            )
        return Filled(filled, source, days)

    def _of(
        self, one: Fallback, rows: pa.Table, day: dt.date, left: Bools, holds: Callable[[str], Bools]
    ) -> tuple[GivenScores, Days, Bools]:
        """Scores of all rows by one fallback, their days, and for which of those that are ``left`` it has one."""
        found = GivenScores.none(len(rows), self.probabilities)
        days = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[D]")
        if one.name == LAST_SCORE and self.last is not None and one.rule is None:
            places = np.flatnonzero(left)
            last, of_day = self.last.find(rows.select(list(self.key)).take(pa.array(places)), day)
            found.score[places], found.decision[places], days[places] = last.score, last.decision, of_day
            for name in self.probabilities:
                found.probabilities[name][places] = last.probabilities[name]
            return found, days, left & ~np.isnat(days)
        if one.rule is None:
            if one.name != BASE_RATE or day not in self.rates:
                return found, days, np.zeros(len(rows), dtype=bool)
            self._rate(found, self.rates[day])
            return found, days, left
        where = left if one.rule.when is None else left & holds(one.rule.when)
        if one.rule.score is not None:
            found.score[:] = one.rule.score
            self._decide(found)
        if one.rule.decide is not None:
            found.decision[:] = code_of(one.rule.decide, self.classes)
        if self.classes:
            # A rule is certain of its class, and says nothing of the others.
            found.score[:] = 1.0
        return found, days, where

    def _rate(self, found: GivenScores, rate: tuple[float, ...]) -> None:
        if not self.classes:
            found.score[:] = rate[0]
            self._decide(found)
            return
        assert self.rule is not None
        place = int(self.rule.decide(np.array([rate]))[0])
        found.score[:], found.decision[:] = rate[place], place
        for name, share in zip(self.probabilities, rate, strict=True):
            found.probabilities[name][:] = share

    def _decide(self, found: GivenScores) -> None:
        if self.binary and self.threshold is not None:
            found.decision[:] = found.score >= self.threshold
        else:
            found.decision[:] = NONE


def code_of(decided: bool | str | int, classes: tuple[str, ...]) -> int:
    """A declared decision as a number: 1 or 0, or the place of a class."""
    return classes.index(str(decided)) if classes else int(bool(decided))
