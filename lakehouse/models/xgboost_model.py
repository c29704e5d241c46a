"""Models from XGBoost's own format. Loading one never unpickles, whatever the bytes are."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

    import xgboost


@lru_cache(maxsize=4)
def load(model: bytes) -> xgboost.Booster:
    """The model. It is cached by its bytes, because a worker serves many batches and many tasks of one night."""
    import_alone()
    import xgboost

    # One thread, because Spark runs one Python worker a core already.
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(model))
    return booster


def import_alone() -> None:
    """Import XGBoost without its wrappers for scikit-learn: 0.5 s of processor time instead of 2.7 s.

    For processes that only score or fit with XGBoost's own interface. Where scikit-learn or XGBoost is imported already,
    nothing changes; scikit-learn can be imported afterwards.
    """
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        return
    # XGBoost imports scikit-learn if it can; a module that is None in sys.modules can't be imported.
    sys.modules["sklearn"] = cast("ModuleType", None)
    try:
        import xgboost  # noqa: F401
    finally:
        del sys.modules["sklearn"]
