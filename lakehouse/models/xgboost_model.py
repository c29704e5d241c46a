"""Models from XGBoost's own format: nothing is unpickled, whatever the bytes are."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

    import xgboost


@lru_cache(maxsize=4)
def load(model: bytes) -> xgboost.Booster:
    """The model. Cached by its bytes: a worker serves many batches, and many tasks of one night."""
    import_alone()
    import xgboost

    # One thread: Spark already runs one Python worker a core.
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(model))
    return booster


def import_alone() -> None:
    """Import XGBoost without its wrappers for scikit-learn: 0.5 s of processor time instead of 2.7 s.

    For processes that only score or fit with XGBoost's own interface. Where scikit-learn is there already, or XGBoost is,
    nothing changes; scikit-learn can be imported afterwards.
    """
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        return
    # XGBoost looks whether scikit-learn is installed; a name that stands for None is one that can't be imported.
    sys.modules["sklearn"] = cast("ModuleType", None)
    try:
        import xgboost  # noqa: F401
    finally:
        del sys.modules["sklearn"]
