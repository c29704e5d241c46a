"""The days to train, validate and measure on, counted back from the day of training."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from jobs.train import learned_rows
from lakehouse.declaration import Days, UseCase
from lakehouse.errors import TrainingDataMissing, TrainingFailed
from lakehouse.evaluation.labelled_rows import TrainingSet

MIN_TRAIN_ROWS = 200
PARTS = ("train", "validation", "holdout")


@dataclass(frozen=True)
class DayRange:
    """The days from ``first`` to ``last``; none where ``last`` is before ``first``."""

    first: dt.date
    last: dt.date

    def __str__(self) -> str:
        """As people write it: ``2013-01-01..2013-05-10``."""
        return f"{self.first}..{self.last}"


@dataclass(frozen=True)
class Split:
    """Three windows in the order of time that share no day."""

    train: DayRange
    validation: DayRange
    holdout: DayRange

    @classmethod
    def for_day(cls, use_case: UseCase, day: dt.date) -> Split:
        """The declared split counted back from ``day``; days before the calendar's start are left out."""
        declared = use_case.split

        def window(days: Days) -> DayRange:
            first = max(day - dt.timedelta(days=days.first), use_case.calendar.start)
            return DayRange(first, day - dt.timedelta(days=days.last))

        return cls(window(declared.train), window(declared.validation), window(declared.holdout))

    def __str__(self) -> str:
        """As people write it."""
        return f"train {self.train}, validation {self.validation}, holdout {self.holdout}"

    @property
    def whole(self) -> DayRange:
        """From the first day of training to the last of the holdout."""
        return DayRange(self.train.first, self.holdout.last)


@dataclass(frozen=True)
class Parts:
    """The labelled rows of each window, and those without a label: nothing is learned from these, and they are scored too.

    Attributes:
        train, validation, holdout: labelled.
        unlabelled: how many rows of all three had no label.
        undeclared: how often each value came that is no declared class; such rows have no label.
        without_label: by window its rows without a label, of windows that have any.
    """

    train: TrainingSet
    validation: TrainingSet
    holdout: TrainingSet
    unlabelled: int
    undeclared: Mapping[str, int] = field(default_factory=dict)
    without_label: Mapping[str, TrainingSet] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each part."""
        return {
            "train": learned_rows.number(self.train),
            "validation": len(self.validation),
            "holdout": len(self.holdout),
            "unlabelled": self.unlabelled,
        }


def divide(rows: TrainingSet, split: Split, use_case: UseCase) -> Parts:
    """Divide the rows by the windows of the split, and keep those without a label apart.

    Raises:
        TrainingDataMissing: when training has fewer than ``MIN_TRAIN_ROWS`` labelled rows, or another window none, or a
            classification's training rows are all of one class, or a multiclass' have none of a declared class; or when the rows
            that are learned from are too few or lack a class.
        TrainingFailed: when the objective can't take a label.
    """
    windows = {name: getattr(split, name) for name in PARTS}
    all_rows = {name: rows.between(window.first, window.last) for name, window in windows.items()}
    labelled = {name: part.labelled() for name, part in all_rows.items()}
    every, known = (sum(map(learned_rows.number, some.values())) for some in (all_rows, labelled))
    for name, least in (("train", MIN_TRAIN_ROWS), ("validation", 1), ("holdout", 1)):
        if len(labelled[name]) < least:
            raise TrainingDataMissing(
                f"{use_case.name}: expected at least {least} labelled row(s) in the {name} window {windows[name]}, found "
                f"{len(labelled[name])} of {len(all_rows[name])} feature rows{_scored_days(use_case, windows[name])}; build "
                f"features and take in {' and '.join(use_case.label.sources)} for these days, or train for a later day"
            )
    if use_case.binary and labelled["train"].label.min() == labelled["train"].label.max():
        raise TrainingDataMissing(
            f"{use_case.name}: expected both classes in the train window {split.train}, found only label "
            f"{labelled['train'].label[0]:g} in its {len(labelled['train'])} rows; look at the declared label"
        )
    present = np.unique(labelled["train"].label)
    if never := [name for number, name in enumerate(use_case.classes) if number not in present]:
        raise TrainingDataMissing(
            f"{use_case.name}: expected rows of every class in the train window {split.train}, found none of {', '.join(never)} in "
            f"its {len(labelled['train'])} rows: a model can't learn what it never saw; lengthen split.train, train for a later "
            "day, or take the class out of label.classes until there are rows of it"
        )
    for name, part in labelled.items():
        _expect_labels(use_case, name, part)
    learned_rows.expect(use_case, split.train, labelled["train"], MIN_TRAIN_ROWS)
    without_label = {name: part.unlabelled() for name, part in all_rows.items() if len(part) > len(labelled[name])}
    return Parts(
        labelled["train"], labelled["validation"], labelled["holdout"], every - known, without_label=without_label
    )


def _scored_days(use_case: UseCase, window: DayRange) -> str:
    """How many days of the window are scored, in words; empty where each is."""
    rhythm = use_case.calendar.scores
    if rhythm.daily:
        return ""
    return f" on {len(rhythm.between(window.first, window.last))} scored day(s) (calendar.scores: {rhythm})"


def _expect_labels(use_case: UseCase, window: str, part: TrainingSet) -> None:
    """Raise TrainingFailed where the objective can't be fitted to a label: XGBoost says so without a name or a number."""
    objective, label = use_case.model.objective, part.label
    wrong = np.abs(label) > np.finfo(np.float32).max
    if objective.above is not None:
        wrong |= label <= objective.above
    if objective.at_least is not None:
        wrong |= label < objective.at_least
    if objective.at_most is not None:
        wrong |= label > objective.at_most
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise TrainingFailed(
            f"{use_case.name}: expected labels that {use_case.model.objective_name} can take ({objective.labels}, in 32 bits), "
            f"found {int(wrong.sum())} other(s) of {len(label)} in the {window} window, such as {label[first]:g} on "
            f"{part.days[first]}; correct {use_case.label_in_words}, bound it by minimum and maximum, "
            "or choose another objective"
        )
