"""What ordinary days of a model version are like, from the days of its training; estimated once, and compared with every day."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from jobs.monitor.alarms import contrasts, judged_days, weekdays
from jobs.monitor.alarms.column import Bools, Column
from jobs.monitor.alarms.contrasts import Contrast
from jobs.monitor.alarms.means import Means
from jobs.monitor.alarms.memory import Floats
from jobs.monitor.alarms.ranks import alike_by_ranks, means_of
from jobs.monitor.alarms.scores import Scores
from jobs.monitor.alarms.shapes import Shape, alike, lasting
from jobs.monitor.alarms.shares import Shares
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.training_days import ALL, LABEL, TrainingDays


@dataclass(frozen=True)
class Reference:
    """The training of a model version.

    Attributes:
        profile: of the version.
        history: its days.
        classes: whether the label has several.
    """

    profile: Profile
    history: TrainingDays
    classes: bool = False
    _shapes: dict[tuple[str, int, int], Shape | None] = field(default_factory=dict)

    @cached_property
    def slices(self) -> list[tuple[str, str]]:
        """All rows first, then each watched slice."""
        return [(ALL, ALL), *self.history.slices]

    @cached_property
    def weekday(self) -> Whole:
        """Of each day of training."""
        return weekdays.of_days(self.history.days)

    @cached_property
    def scored_weekday(self) -> Whole:
        """Of each day that the model was not fitted to."""
        return weekdays.of_days(self.history.scored_days)

    @cached_property
    def features(self) -> dict[str, Column]:
        """By name."""
        return {
            name: Column(
                name,
                item,
                not isinstance(item, CategoryDistribution),
                np.concatenate([self.history.counts_of(name)[None], self.history.sliced_of(name)]),
                self.history.beyond_of(name),
            )
            for name, item in self.profile.features.items()
        }

    @cached_property
    def scores(self) -> Column:
        """The scores of days that the model was not fitted to; of several classes the decided ones."""
        counts = self.history.score_counts[None]
        return Column(SCORE, self.profile.prediction, not self.classes, counts, np.zeros(counts.shape[1], np.int64))

    @cached_property
    def labels(self) -> Column:
        """The labels of training."""
        counts = self.history.label_counts[None]
        return Column(LABEL, None, not self.classes, counts, np.zeros(counts.shape[1], np.int64))

    def among(self, names: Container[str]) -> Bools:
        """Shape (features,): which features are among these."""
        return np.array([name in names for name in self.features])

    def numbers_among(self, names: Container[str]) -> Bools:
        """Shape (numbers,): which numbers are among these."""
        return np.array([name in names for name in self.numbers])

    @cached_property
    def numbers(self) -> list[str]:
        """The features that are numbers."""
        return [name for name, column in self.features.items() if column.ordered]

    @cached_property
    def moved(self) -> Means:
        """Of the mean ranks of all numbers, each of all rows and of each slice."""
        return means_of([self.features[name] for name in self.numbers], self.weekday)

    @cached_property
    def together(self) -> dict[str, float]:
        """By name of a number, the correlation of the ranks of two of its rows on a day, as far as it is sure."""
        return dict(zip(self.numbers, alike_by_ranks(self.moved)[:: len(self.slices)].tolist(), strict=True))

    @cached_property
    def missing(self) -> Shares:
        """Of the rows without a value of all features, each of all rows and of each slice."""
        counts = [column.counts for column in self.features.values()]
        hits = np.concatenate([one[..., -1] for one in counts]).astype(np.float64)
        rows = np.concatenate([one.sum(axis=-1) for one in counts]).astype(np.float64)
        return Shares.of(hits, rows, self.weekday, parts=len(self.slices))

    @cached_property
    def beyond(self) -> Shares:
        """Of the rows of all features that lie beyond what other weeks have."""
        columns = list(self.features.values())
        hits = np.stack([column.beyond for column in columns]).astype(np.float64)
        rows = np.stack([column.counts[0, :, :-1].sum(axis=-1) for column in columns]).astype(np.float64)
        # Of a column that has one value a day, a record is one value and no six hundred.
        known = [column.counts[0][:, column.known] for column in columns]
        memory = dict(zip(self.numbers, self.moved.tails.memory[:: len(self.slices)].tolist(), strict=True))
        lasts = [memory.get(c.name) or lasting(its) for c, its in zip(columns, known, strict=True)]
        return Shares.of(hits, rows, self.weekday, _array([alike(its) for its in known]), _array(lasts))

    @cached_property
    def of_scores(self) -> Scores:
        """What ordinary scores are like."""
        # The feature that lasts longest: scores are made of features, and are known of few days.
        near = self.moved.near[:: len(self.slices)]
        lasts = float(near.max()) if len(near) else 0.0
        edges = self.profile.prediction.edges
        return Scores(self.scores, edges, self.scored_weekday, self.history.threshold, lasts)

    @cached_property
    def label_shares(self) -> Shares | None:
        """Of the rows whose label is yes; None of other labels."""
        if self.history.threshold is None or self.history.label_width != 3:
            return None
        counts = self.labels.counts
        hits, rows = counts[..., 1], counts[..., :-1].sum(axis=-1)
        return Shares.of(hits.astype(np.float64), rows.astype(np.float64), self.weekday, rare=False)

    @cached_property
    def label_means(self) -> Means:
        """Of the mean rank of the labels."""
        return means_of([self.labels], self.weekday)

    @cached_property
    def volume(self) -> Means:
        """Of the logarithm of a day's rows: a day is one value."""
        rows = self.history.rows_of_days.astype(np.float64)[None]
        return Means.of(
            (rows > 0).astype(np.float64), np.log(np.maximum(rows, 1)), np.zeros(1), self.weekday, rare=False
        )

    def shape(self, column: Column, series: int, length: int) -> Shape | None:
        """Of the bins of a column's series that training has rows in."""
        key = (column.name, series, length)
        if key not in self._shapes:
            together = self.together.get(column.name, 0.0)
            self._shapes[key] = Shape.of(column.counts[series][:, column.known], length, together)
        return self._shapes[key]

    @cached_property
    def quality(self) -> tuple[list[tuple[str, str]], Means | None, Means]:
        """The slices that have matured quality; their calibration gap (None of several classes), and their loss."""
        return judged_days.quality(self.history, self.scored_weekday, self.label_shares, self.of_scores)

    @cached_property
    def contrasts(self) -> list[Contrast]:
        """How labels may follow the features otherwise than the scores foretell; none of a version without its relations."""
        columns = [column for name, column in self.features.items() if name in self.history.relations]
        return [one for column in columns for one in contrasts.of_column(column)]

    @cached_property
    def relations(self) -> Means:
        """Of the contrasts, on days that the model was not fitted to."""
        rows, mean, spread = list[Floats](), list[Floats](), list[float]()
        for one in self.contrasts:
            counted, total = self.history.relation_of(one.column.name)
            its = counted.sum(axis=1).astype(np.float64)
            rows.append(its)
            mean.append(total @ one.weights / np.maximum(its, 1))
            squares = float(np.array(self.history.relations[one.column.name].squares) @ one.weights**2)
            spread.append(max(squares - float(its @ mean[-1] ** 2), 0.0) / max(float(its.sum()), 1.0))
        return Means.of(np.array(rows), np.array(mean), np.array(spread), self.scored_weekday)


def _array(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
