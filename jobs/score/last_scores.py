"""The last score that a model gave an entity: looked up in the scores of the days before, the newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.score.given_scores import Bools, GivenScores
from lakehouse import tables
from lakehouse.declaration import UseCase, class_names
from lakehouse.declaration.rules import MODEL
from lakehouse.evaluation import key_join, model_scores
from lakehouse.models import registry
from lakehouse.storage.day_files import DayFiles

# A name that no column has: declared ones begin with a letter.
FOUND = "_found"


@dataclass(frozen=True)
class LastScores:
    """Looks them up, here or in a worker: a file's name travels, its rows do not.

    Attributes:
        files: of the champion's scores on the days before those that are scored.
        days: how many days back at most.
        key: the columns of the entity's key.
        classes: of a label of several.
        probabilities: the columns of their probabilities.
    """

    files: DayFiles
    days: int
    key: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: tuple[str, ...]

    @classmethod
    def of(cls, use_case: UseCase, days: int, scored: Collection[dt.date]) -> LastScores:
        """For the days that are ``scored``, as the table of scores is now."""
        before = {day - dt.timedelta(days=back) for day in scored for back in range(1, days + 1)}
        files = DayFiles.of(tables.scores(use_case), before, role=registry.CHAMPION)
        return cls(files, days, use_case.entity.key, use_case.classes, class_names.probability_columns(use_case.label))

    def find(self, keys: pa.Table, day: dt.date) -> tuple[GivenScores, NDArray[np.datetime64]]:
        """The last score of each entity by a model before the day, without what a rule made of it.

        Args:
            keys: the key of each row.
            day: that is scored.

        Returns:
            The scores, none where there is none; and the day that each was made for.
        """
        found = GivenScores.none(len(keys), self.probabilities)
        days = np.full(len(keys), np.datetime64("NaT"), dtype="datetime64[D]")
        places = np.arange(len(keys))
        for back in range(1, self.days + 1):
            past = day - dt.timedelta(days=back)
            for part in self._parts(past):
                if not len(places):
                    return found, days
                joined = key_join.left_join(keys.take(pa.array(places)), part, self.key)
                hit: Bools = np.asarray(joined.column(FOUND).fill_null(False).to_numpy(), dtype=bool)
                given = GivenScores.of_columns({name: joined.column(name) for name in self._columns}, self.classes)
                self._put(found, places[hit], given, hit)
                days[places[hit]] = np.datetime64(past)
                places = places[~hit]
        return found, days

    @property
    def _columns(self) -> tuple[str, ...]:
        return ("score", "decision", *self.probabilities)

    def _put(self, found: GivenScores, places: NDArray[np.int64], given: GivenScores, hit: Bools) -> None:
        found.score[places], found.decision[places] = given.score[hit], given.decision[hit]
        for name in self.probabilities:
            found.probabilities[name][places] = given.probabilities[name][hit]

    def _parts(self, day: dt.date) -> Iterator[pa.Table]:
        """Key and score of the rows that a model scored, a row group at a time."""
        names = [*self.key, *self._columns, *model_scores.COLUMNS]
        for file in self.files.by_day.get(day, ()):
            for rows in self.files.parts(file, names):
                # A rule may say that the model's score is not used.
                unused = pc.fill_null(pc.not_equal(rows.column("score_from"), MODEL), False)
                rows = model_scores.of_model(rows.filter(pc.invert(unused))).select([*self.key, *self._columns])
                yield rows.append_column(FOUND, pa.repeat(pa.scalar(True), len(rows)))
