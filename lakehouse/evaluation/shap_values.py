"""Why a model gave a row its score: what each feature added to it, by exact SHAP values.

XGBoost computes them for trees without sampling (Lundberg and others, 2020: path-dependent TreeSHAP). They are in the unit
of the model's margin, log-odds for a classification, and add up: base value plus all contributions is the margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse import fingerprints

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Declared names have no brackets, so this one can never be a feature's.
OTHERS = "(others)"


@dataclass(frozen=True)
class Contributions:
    """Of some rows, the greatest contributions and the sum of the others.

    Attributes:
        feature: shape (rows, named), positions of the named features, the greatest contribution first.
        contribution: shape (rows, named), theirs.
        others: shape (rows,), the sum of all other features' contributions.
        base: shape (rows,), where every row starts.
    """

    feature: NDArray[np.intp]
    contribution: NDArray[np.float64]
    others: NDArray[np.float64]
    base: NDArray[np.float64]

    @property
    def margin(self) -> NDArray[np.float64]:
        """What they add up to."""
        total: NDArray[np.float64] = self.base + self.contribution.sum(axis=1) + self.others
        return total


def greatest(booster: Any, matrix: NDArray[np.float32], named: int) -> Contributions:
    """Explain rows.

    Args:
        booster: the model.
        matrix: shape (rows, features), NaN where a value is not known.
        named: how many features to name for each row.
    """
    import numpy as np
    import xgboost

    rows = xgboost.DMatrix(matrix, missing=np.nan, nthread=1)
    found = booster.predict(rows, pred_contribs=True, approx_contribs=False, validate_features=False)
    values, base = found[:, :-1].astype(np.float64), found[:, -1].astype(np.float64)
    # Stable, so that equal contributions have one order: that of the model's features.
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    first, rest = order[:, :named], order[:, named:]
    return Contributions(
        first, np.take_along_axis(values, first, 1), np.take_along_axis(values, rest, 1).sum(axis=1), base
    )


def code_fingerprint() -> str:
    """Digest of this module: what it makes of a model and a row may change with it."""
    return fingerprints.digest(Path(__file__).read_text(encoding="utf-8"))
