"""How the days of a training were, one by one: what an ordinary day and an ordinary window of days look like.

A profile says how the rows of a training were distributed as a whole. Alarms with a known error rate need more: how much one day
differs from the next, and a Monday from a Sunday. So the counts by bin are kept by day, of each feature, of each watched slice, of
the scores and of the labels; and the calibration gap and the loss of each day that the model was not fitted to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from lakehouse.evaluation.packed_numbers import Whole, unpack, unpack_floats
from lakehouse.evaluation.population_stability import NUMBERS

Floats = NDArray[np.float64]

# What all rows together are called among the slices.
ALL = "all"
# What labels are called beside the features.
LABEL: Literal["label"] = "label"


@dataclass(frozen=True, config=NUMBERS)
class Quality:
    """How good the scores of one slice were, by day, on rows that the model was not fitted to.

    Attributes:
        rows: of each day of ``TrainingDays.scored_days``.
        gap: mean score minus mean label of each day, 0 without rows; empty for a label of several classes.
        loss: the mean log loss, or the mean squared error, of each day; 0 without rows.
        gap_variance, loss_variance: of the rows about their day.
    """

    rows: tuple[int, ...]
    gap: tuple[float, ...]
    loss: tuple[float, ...]
    gap_variance: float
    loss_variance: float


@dataclass(frozen=True, config=NUMBERS)
class Relation:
    """How the label followed a feature beyond the scores, by day and bin, on rows that the model was not fitted to.

    Attributes:
        rows: of each day of ``TrainingDays.scored_days`` and bin, packed.
        residual: the sums of label minus score, packed.
        squares: by bin, the sum of the squares of all days.
    """

    rows: str
    residual: str
    squares: tuple[float, ...]


@dataclass(frozen=True, config=NUMBERS)
class TrainingDays:
    """The days of a training. Texts are packed whole numbers (`lakehouse.evaluation.packed_numbers`).

    Attributes:
        days: the days of train and validation, in order. What needs no label is of all rows that are scored on a day like these,
            of those without a label too; labels, quality and relations are of the labelled ones.
        slices: name and value of each watched slice.
        counts: by feature the rows of each day and bin.
        beyond: by feature the rows of each day that lie outside of what the other weeks have: beyond their least or greatest
            value, or of a level that they don't have.
        sliced: by feature the rows of each slice, day and bin.
        scored_days: the days of validation and holdout, in order.
        scores: the rows of each of them by bin of the profile's prediction.
        label_edges: of the bins that labels are counted by; the last bin is of labels not known, and stays empty here.
        labels: the rows of each of ``days`` by bin of the label.
        quality: by slice, ``all`` and ``all`` for the whole.
        threshold: from which score on the decision is yes: no bin of scores has values on both sides; None where there is none.
        relations: by feature; none of a label of several classes, and of a version that was trained before there were any.
        rows: how many rows each of ``days`` has, packed; empty where all of them are counted.
    """

    days: tuple[dt.date, ...]
    slices: tuple[tuple[str, str], ...]
    counts: Mapping[str, str]
    beyond: Mapping[str, str]
    sliced: Mapping[str, str]
    scored_days: tuple[dt.date, ...]
    scores: str
    label_edges: tuple[float, ...]
    labels: str
    quality: tuple[tuple[str, str, Quality], ...]
    threshold: float | None
    relations: Mapping[str, Relation] = field(default_factory=dict)
    rows: str = ""

    @property
    def rows_of_days(self) -> Whole:
        """Shape (days,): how many rows each has, though of a history of very many rows an even part is counted."""
        if self.rows:
            return unpack(self.rows, (len(self.days),))
        counted: Whole = self.counts_of(next(iter(self.counts))).sum(axis=-1)
        return counted

    def counts_of(self, feature: str) -> Whole:
        """Shape (days, bins)."""
        return unpack(self.counts[feature], (len(self.days), -1))

    def beyond_of(self, feature: str) -> Whole:
        """Shape (days,)."""
        return unpack(self.beyond[feature], (len(self.days),))

    def sliced_of(self, feature: str) -> Whole:
        """Shape (slices, days, bins)."""
        # Without slices there is no number that could say how many bins there are.
        bins = self.counts_of(feature).shape[1]
        return unpack(self.sliced[feature], (len(self.slices), len(self.days), bins))

    def relation_of(self, feature: str) -> tuple[Whole, Floats]:
        """Rows and sums of label minus score, both of shape (scored days, bins)."""
        its = self.relations[feature]
        shape = (len(self.scored_days), -1)
        return unpack(its.rows, shape), unpack_floats(its.residual, shape)

    @property
    def score_counts(self) -> Whole:
        """Shape (scored days, bins)."""
        return unpack(self.scores, (len(self.scored_days), -1))

    @property
    def label_counts(self) -> Whole:
        """Shape (days, bins)."""
        return unpack(self.labels, (len(self.days), -1))

    @property
    def label_width(self) -> int:
        """The number of a label's bins, the one of labels not known among them."""
        return len(self.label_edges) + 2


def weeks(days: Whole) -> Whole:
    """The block of seven successive days that each day belongs to, counted from 0; ``days`` are numbers of days in order."""
    return np.asarray((days - days.min()) // 7, dtype=np.int64)
