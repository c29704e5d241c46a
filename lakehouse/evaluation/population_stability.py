"""The population stability index, and how great it is in ordinary weeks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

from lakehouse.declaration import Drift

SMALLEST_SHARE = 1e-4  # so that an empty bin gives a large and not an infinite PSI

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

# A profile is compared with for months: what is no number never gets into one.
NUMBERS = ConfigDict(allow_inf_nan=False)


def psi(expected: Floats, actual: Floats) -> Floats:
    """Population stability index: the sum over the bins of ``(actual - expected) * ln(actual / expected)``.

    Siddiqi, Credit Risk Scorecards (2006); it is the symmetrised Kullback-Leibler divergence (Jeffreys 1946). Shares below
    ``SMALLEST_SHARE`` count as that, on both sides, so a bin that is empty in both adds nothing.

    Args:
        expected: shape (..., bins), shares that sum to 1 along the last axis.
        actual: shares of the same bins, broadcast against ``expected``.

    Returns:
        Shape (...), 0 for equal distributions.
    """
    e = np.maximum(np.asarray(expected, dtype=np.float64), SMALLEST_SHARE)
    a = np.maximum(np.asarray(actual, dtype=np.float64), SMALLEST_SHARE)
    return np.asarray(((a - e) * np.log(a / e)).sum(axis=-1), dtype=np.float64)


def ordinary(counts: Counts, drift: Drift) -> tuple[tuple[float, ...], float | None]:
    """What training says of a column that is counted by bin.

    Args:
        counts: shape (days, bins), rows of each of the successive days of training.
        drift: the window, and the quantile of an ordinary week.

    Returns:
        The share of rows in each bin; and the quantile of the PSI of every window against the whole, None when training is
        shorter than a window.
    """
    shares = counts.sum(axis=0) / counts.sum()
    running = np.vstack([np.zeros((1, counts.shape[1]), dtype=np.int64), counts.cumsum(axis=0)])
    windows = running[drift.window_days :] - running[: -drift.window_days]
    windows = windows[windows.sum(axis=1) > 0]
    if not len(windows):
        return tuple(map(float, shares)), None
    distances = psi(shares, windows / windows.sum(axis=1, keepdims=True))
    return tuple(map(float, shares)), float(np.quantile(distances, drift.ordinary_quantile))
