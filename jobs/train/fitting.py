"""The final model: fitted with the best parameters to all days before the holdout."""

from __future__ import annotations

from typing import Any

import numpy as np
import xgboost

from jobs.train.search.binning import binned
from jobs.train.search.tuning import Tuned
from lakehouse.declaration.model import MAX_LEVELS
from lakehouse.evaluation import coded_rows
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.models import category_record


def fit(tuned: Tuned, train: TrainingSet, validation: TrainingSet, max_levels: int = MAX_LEVELS) -> Any:
    """A booster with the tuned parameters and number of trees, fitted to train and validation together.

    The validation window has the most recent days: once the parameters are chosen, the final model learns from it too, the levels
    of its categories among the rest.
    """
    both = joined(train, validation)
    both = coded_rows.by_levels(both, coded_rows.learned(both, max_levels))
    booster = xgboost.train(
        dict(tuned.params), binned(both, tuned.params), num_boost_round=tuned.rounds, verbose_eval=False
    )
    # The file names its features, so that a reader can refuse a wrong column order.
    booster.feature_names = list(both.names)
    category_record.keep(booster, both.levels)
    return booster


def joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    """The rows of both, one after the other."""
    return coded_rows.joined(first, second)


def coded(booster: Any, rows: TrainingSet) -> TrainingSet:
    """The rows with their categories coded as the booster has learned them."""
    return coded_rows.by_levels(rows, category_record.levels_of(booster))


def score(booster: Any, features: Floats) -> Floats:
    """Probability or predicted value of each row that is ``coded``, of several classes a column a class; as scoring computes it."""
    return np.asarray(booster.inplace_predict(features, validate_features=False), dtype=np.float64)


def file_bytes(booster: Any) -> bytes:
    """The booster in XGBoost's own binary format: scoring loads it, and nothing is unpickled."""
    return bytes(booster.save_raw("ubj"))
