"""For how many days a deviation lasts: so many days tell as much as one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Longest lag that is looked at, and the greatest part of the training's days that it may be.
LONGEST_LAG, LAG_SHARE = 14, 0.25
# A correlation of neighbouring days beyond this is no stationary series.
CLOSEST = 0.95
TINY = 1e-12


def of_products(products: Floats, squares: Floats, days: int) -> tuple[Floats, Floats]:
    """The integrated autocorrelation time, at least 1, and the correlation of neighbouring days, at least 0.

    The time is the greater one of two estimates: by the correlations at all lags, which fade by Bartlett's weights, and by that of
    neighbouring days and its standard error, as if days were autoregressive (1 + r) / (1 - r). The first strays far for few days,
    the second misses what comes back.

    Args:
        products: shape (..., lags), the sums of products of days that are 1, 2, ... apart.
        squares: shape (...), the sum of squares.
        days: how many there are.
    """
    lags = products.shape[-1]
    fading = 1 - np.arange(1, lags + 1) / (lags + 1)
    by_all = 1 + 2 * (products * fading).sum(axis=-1) / np.maximum(squares, TINY)
    near = products[..., 0] / np.maximum(squares, TINY)
    least = np.clip(near + 1 / np.sqrt(max(days, 1)), 0.0, CLOSEST)
    memory = np.maximum(np.maximum(1.0, by_all), (1 + least) / (1 - least))
    return np.asarray(memory, dtype=np.float64), np.asarray(np.clip(near, 0.0, CLOSEST), dtype=np.float64)


def inflation(near: Floats, length: int) -> Floats:
    """How many times more the mean of so many neighbouring autoregressive days varies than that of days far apart."""
    apart = np.arange(1, length)
    return np.asarray(1 + 2 * ((1 - apart / length) * near[..., None] ** apart).sum(axis=-1), dtype=np.float64)


def lags_of(days: int) -> int:
    """How many lags so many days tell of."""
    return max(1, min(LONGEST_LAG, int(days * LAG_SHARE)))


def of_days(standard: Floats) -> tuple[Floats, Floats]:
    """`of_products` of standardized days, shape (S, days)."""
    days = standard.shape[1]
    products = [(standard[:, lag:] * standard[:, :-lag]).sum(axis=1) for lag in range(1, lags_of(days) + 1)]
    return of_products(np.stack(products, axis=1), (standard**2).sum(axis=1), days)


def rolling(values: Floats, length: int) -> Floats:
    """The sums of windows of so many days; shape (S, days)."""
    running = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    return np.asarray(running[:, length:] - running[:, :-length], dtype=np.float64)
