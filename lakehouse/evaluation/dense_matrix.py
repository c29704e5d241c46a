"""XGBoost's matrix of plain numbers, made without SciPy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    import xgboost
    from numpy.typing import NDArray

SPARSE = "scipy.sparse"


def of_rows(values: NDArray[np.float32]) -> xgboost.DMatrix:
    """The matrix of these rows, shape (rows, features); what is unknown is NaN.

    XGBoost asks whether they are one of SciPy's sparse matrices before it looks for an array, and imports these for it, which is a
    tenth of what a process imports that scores a day. Where nothing has imported them, nothing can be one.
    """
    import xgboost

    if absent := SPARSE not in sys.modules:
        # A module that is None can't be imported.
        sys.modules[SPARSE] = cast("ModuleType", None)
    try:
        return xgboost.DMatrix(values, nthread=1)
    finally:
        if absent:
            sys.modules.pop(SPARSE, None)
