"""Models from XGBoost's own format. Loading one never unpickles, whatever the bytes are."""

from __future__ import annotations

import atexit
import importlib
import sys
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
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


# While XGBoost's library is there: at the interpreter's end modules go in any order, and a model that goes last warns.
atexit.register(load.cache_clear)


def import_alone() -> None:
    """Import XGBoost without its wrappers for scikit-learn, and let it look for SciPy's sparse matrices when they are asked for.

    0.1 s of processor time instead of 2.7 s; 0.4 s of it are SciPy's, which imports NumPy's tests and its reader of Fortran.
    For processes that only score or fit with XGBoost's own interface. Where scikit-learn or XGBoost is imported already,
    nothing changes; both libraries can be imported afterwards.
    """
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        return
    # XGBoost imports scikit-learn if it can; a module that is None in sys.modules can't be imported.
    put: dict[str, ModuleType | None] = {"sklearn": None}
    put |= {later.__name__: later for later in (Later("scipy.sparse", "csr_matrix"), Later("scipy.special", "softmax"))}
    absent = {name: module for name, module in put.items() if name not in sys.modules}
    sys.modules.update(cast("dict[str, ModuleType]", absent))
    try:
        import xgboost  # noqa: F401
    finally:
        for name in absent:
            del sys.modules[name]


class Later(ModuleType):
    """A module that is imported when a name in it is used, and not when the name is imported."""

    def __init__(self, module: str, *names: str) -> None:
        """Stand for ``module``, of which ``names`` are asked for while others are imported."""
        super().__init__(module)
        self._names = names

    def __getattr__(self, name: str) -> Any:
        """What ``module`` has under ``name``; for one of the expected names a function that asks it when it is called."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._names and sys.modules.get(self.__name__) is self:
            return lambda *values, **named: getattr(importlib.import_module(self.__name__), name)(*values, **named)
        return getattr(importlib.import_module(self.__name__), name)
