"""One model of the walk: trained as of a past day by training's own steps, without a search; nothing is logged or registered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.train.candidates import tune
from jobs.train.fitted_model import FittedModel, fit_and_measure
from jobs.train.search.space import Value
from jobs.train.search.tuning import Tuned
from jobs.train.split import Parts, Split, divide
from jobs.train.training_profile import measure_profile
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import Profile
from lakehouse.evaluation.labelled_rows import TrainingSet


@dataclass(frozen=True)
class PastModel:
    """The model that the platform would have had on ``day``.

    Attributes:
        day: which it was trained for.
        split: its windows.
        parts: its labelled rows.
        tuned: its parameters, and the number of trees that validation chose.
        model: fitted to train and validation, measured on the holdout.
        profile: what monitoring compares its days with.
    """

    day: dt.date
    split: Split
    parts: Parts
    tuned: Tuned
    model: FittedModel
    profile: Profile


def train(use_case: UseCase, rows: TrainingSet, day: dt.date, point: Mapping[str, Value]) -> PastModel:
    """Train as of ``day``, with the parameters of ``point``; rows of ``day`` and later are not looked at.

    Raises:
        TrainingDataMissing, TrainingFailed: as training does.
    """
    split = Split.for_day(use_case, day)
    parts = divide(rows, split, use_case)
    # A search of one trial: its number of trees is still chosen on validation.
    one_trial = use_case.model.model_copy(update={"trials": 1, "minutes": None})
    tuned = tune.tune(use_case.model_copy(update={"model": one_trial}), split, parts, starts=[point])
    model = fit_and_measure(use_case, tuned, parts)
    profile, _ = measure_profile(parts, tuned, model, use_case.drift, use_case.calendar.scores)
    return PastModel(day, split, parts, tuned, model, profile)
