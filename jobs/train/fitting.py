"""The final model: fitted with the best parameters to all days before the holdout."""

from __future__ import annotations

from typing import Any

import xgboost

from jobs.train.search import intercept
from jobs.train.search.binning import binned
from jobs.train.search.tuning import Tuned
from lakehouse.declaration.model import MAX_LEVELS
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models import category_record
from lakehouse.scorers import model_files


def fit(tuned: Tuned, train: TrainingSet, validation: TrainingSet, max_levels: int = MAX_LEVELS) -> Any:
    """A booster with the tuned parameters and number of trees, fitted to train and validation together.

    The validation window has the most recent days: once the parameters are chosen, the final model learns from it too, the levels
    of its categories among the rest.
    """
    both = joined(train, validation)
    return fit_coded(tuned, coded_rows.by_levels(both, coded_rows.learned(both, max_levels)))


def fit_coded(tuned: Tuned, rows: TrainingSet) -> Any:
    """The same, fitted to these rows, whose categories are coded by learned levels."""
    started = intercept.with_intercept(tuned.params, rows)
    booster = xgboost.train(started, binned(rows, tuned.params), num_boost_round=tuned.rounds, verbose_eval=False)
    booster = intercept.levelled(booster, rows)
    # The file names its features, so that a reader can refuse a wrong column order.
    booster.feature_names = list(rows.names)
    category_record.keep(booster, rows.levels)
    return booster


def joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """The rows of both, one after the other."""
    return coded_rows.joined(first, second)


def coded(model: Any, rows: TrainingSet) -> TrainingSet:
    """The rows with their categories coded as the model has learned them."""
    return coded_rows.by_levels(rows, category_record.levels_of(model))


def score(model: Any, features: Floats) -> Floats:
    """Probability or predicted value of each row that is ``coded``, of several classes a column a class; as scoring computes it."""
    return model_files.of(model).score(features)


def file_bytes(model: Any) -> bytes:
    """The model's file, XGBoost's own binary format or coefficients as JSON: scoring loads it, and nothing is unpickled."""
    return model_files.of(model).content()
