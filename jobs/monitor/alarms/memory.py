"""For how many days a deviation lasts: so many days tell as much as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Longest lag that is looked at, and the greatest part of the training's days that it may be.
LONGEST_LAG, LAG_SHARE = 28, 0.25
TINY = 1e-12


def memory_of(products: Floats, squares: Floats) -> Floats:
    """The integrated autocorrelation time from sums of products at lag 1, 2, ... and the sum of squares; at least 1.

    Bartlett's weights; noise of few days makes it a little more than 1 for days that know nothing of one another.
    """
    lags = products.shape[-1]
    fading = 1 - np.arange(1, lags + 1) / (lags + 1)
    total = (products * fading).sum(axis=-1) / np.maximum(squares, TINY)
    return np.asarray(np.maximum(1.0, 1 + 2 * total), dtype=np.float64)


def lags_of(days: int) -> int:
    """How many lags so many days tell of."""
    return max(1, min(LONGEST_LAG, int(days * LAG_SHARE)))
