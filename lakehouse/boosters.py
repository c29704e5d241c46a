"""Models from XGBoost's own format: nothing is unpickled, whatever the bytes are."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xgboost


@lru_cache(maxsize=4)
def load(model: bytes) -> xgboost.Booster:
    """The model. Cached by its bytes: a worker serves many batches, and many tasks of one night."""
    import xgboost

    # One thread: Spark already runs one Python worker a core.
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(model))
    return booster
