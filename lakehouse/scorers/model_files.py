"""Models from their files: XGBoost's own format, or coefficients as JSON. Loading one never unpickles, whatever the bytes are."""

from __future__ import annotations

import atexit
from functools import lru_cache
from typing import Any

from lakehouse.declaration import UseCase
from lakehouse.errors import ModelRefused
from lakehouse.models import class_decision, xgboost_model
from lakehouse.scorers import nightjar_linear
from lakehouse.scorers.boosted import Boosted
from lakehouse.scorers.scorer import Scorer


@lru_cache(maxsize=4)
def load(content: bytes) -> Scorer:
    """The model. It is cached by its bytes, because a worker serves many batches and many tasks of one night.

    Raises:
        ValueError: when the bytes are no model.
    """
    if content.startswith(nightjar_linear.SIGN):
        model: Scorer = nightjar_linear.read(content, _boosted)
        return model
    return _boosted(content)


# As `xgboost_model` does it, and for the same reason: a blend holds a booster too.
atexit.register(load.cache_clear)


def _boosted(content: bytes) -> Boosted:
    return Boosted(xgboost_model.load(content))


def of(model: Any) -> Scorer:
    """The model behind the interface; a bare booster gets it."""
    return model if isinstance(model, Scorer) else Boosted(model)


def expect(content: bytes, use_case: UseCase, what: str) -> None:
    """Refuse a model that does not decide as the use case declares; see `class_decision.rule_of`. ``what`` names it.

    Raises:
        ModelRefused: also when the bytes are no model.
    """
    try:
        model = load(content)
    except ValueError as error:
        raise ModelRefused(f"{what}: expected a model's file: {error}; train a new version") from error
    class_decision.rule_of(model, use_case, what)
