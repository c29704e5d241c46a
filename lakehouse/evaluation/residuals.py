"""Labels minus scores, summed by the bin of a feature: whether the label follows the feature as the scores foretell.

The sums of a day are exact in this sense: the same rows give the same digits in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.evaluation import labels
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution
from lakehouse.evaluation.packed_numbers import Whole

Floats = NDArray[np.float64]
# Labelled rows by bin of a feature, and the sums of their residuals.
Residual = tuple[Whole, Floats]


def by_bin(bins: Whole, residual: Floats, width: int) -> Residual:
    """The rows with a label of each bin, and the sum of their residuals, both of shape (width,); NaN is no residual."""
    known = ~np.isnan(residual)
    bins, residual = bins[known], residual[known]
    # Sums of floats depend on their order, and that of the files on chance.
    order = np.argsort(residual, kind="stable")
    total = np.bincount(bins[order], weights=residual[order], minlength=width)
    return np.bincount(bins, minlength=width).astype(np.int64), total.astype(np.float64)


def of_columns(
    rows: pa.Table, residual: Floats, bins: Mapping[str, Distribution | CategoryDistribution]
) -> dict[str, Residual]:
    """`by_bin` of each named column; of a number (double; null counts as NaN) or of texts."""
    return {
        name: by_bin(
            item.bins(labels.floats(rows.column(name)) if isinstance(item, Distribution) else rows.column(name)),
            residual,
            item.width,
        )
        for name, item in bins.items()
    }
