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


# The parts of XGBoost that nobody needs who has a model's file.
ASKED_FOR = ("sklearn", "plotting")

# While XGBoost's library is there: at the interpreter's end modules go in any order, and a model that goes last warns.
atexit.register(load.cache_clear)


def import_alone() -> None:
    """Import XGBoost without scikit-learn, and what it has for it and for pictures, and SciPy's sparse matrices, when asked for.

    0.1 s of processor time instead of 2.7 s; 0.4 s of it are SciPy's, which imports NumPy's tests and its reader of Fortran.
    For processes that only score or fit with XGBoost's own interface. Where scikit-learn or XGBoost is imported already,
    nothing changes; both libraries can be imported afterwards.
    """
    if "xgboost" in sys.modules or "sklearn" in sys.modules:
        return
    # XGBoost imports scikit-learn if it can, and these parts; a module that is None in sys.modules can't be imported.
    put: dict[str, ModuleType | None] = {"sklearn": None, **{f"xgboost.{part}": None for part in ASKED_FOR}}
    for later in (Later("scipy"), Later("scipy.sparse", "csr_matrix"), Later("scipy.special", "softmax")):
        put[later.__name__] = later
    absent = {name: module for name, module in put.items() if name not in sys.modules}
    sys.modules.update(cast("dict[str, ModuleType]", absent))
    try:
        import xgboost

        vars(xgboost)["__getattr__"] = _asked_for
    finally:
        for name in absent:
            del sys.modules[name]


def _asked_for(name: str) -> Any:
    """What XGBoost has under a name in the parts that were not imported with it."""
    for part in ASKED_FOR:
        if name == part or name in sys.modules["xgboost"].__all__:
            module = importlib.import_module(f"xgboost.{part}")
            if name == part or hasattr(module, name):
                return module if name == part else getattr(module, name)
    raise AttributeError(f"module 'xgboost' has no attribute {name!r}")


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
        stands = sys.modules.get(self.__name__) is self
        if stands and (part := sys.modules.get(f"{self.__name__}.{name}")) is not None:
            return part
        if stands and name in self._names:
            return lambda *values, **named: getattr(importlib.import_module(self.__name__), name)(*values, **named)
        return getattr(importlib.import_module(self.__name__), name)
