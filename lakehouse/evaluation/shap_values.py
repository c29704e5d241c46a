"""Why a model gives a row its score: what each feature adds to it, by exact SHAP values.

XGBoost computes them for trees without sampling (Lundberg and others, 2020: path-dependent TreeSHAP). They are in the unit
of the model's margin, and base value plus all contributions is the margin. Which unit that is depends on the objective
(`lakehouse/declaration/objectives.py`): log-odds for a classification, logarithms for counts, else the value's own. Of several
classes each has a margin; explained is that of the decided one. Its probability is e to the power of it as a share of those of all
classes, so a feature that raises the margins of all alike changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakehouse.evaluation import dense_matrix, tree_shap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# More rows than this of a day are explained by tables, which takes a second to prepare and a twentieth of XGBoost's time a row.
# Both are exact; they differ by what XGBoost's single floats round away. So the number of a day's rows decides, and not where
# they are explained.
BY_XGBOOST = 2_000

# Declared names have no brackets, so this one can never be a feature's.
OTHERS = "(others)"


@dataclass(frozen=True)
class Contributions:
    """Of some rows, the greatest contributions and the sum of the others.

    Attributes:
        feature: shape (rows, named), positions of the named features, the greatest contribution first.
        contribution: shape (rows, named), theirs.
        others: shape (rows,), the sum of all other features' contributions.
        base: shape (rows,), the base value: the margin of a row of which nothing is known.
    """

    feature: NDArray[np.intp]
    contribution: NDArray[np.float64]
    others: NDArray[np.float64]
    base: NDArray[np.float64]

    @property
    def margin(self) -> NDArray[np.float64]:
        """The margin: base value plus all contributions."""
        total: NDArray[np.float64] = self.base + self.contribution.sum(axis=1) + self.others
        return total


def greatest(
    booster: Any,
    matrix: NDArray[np.float32],
    named: int,
    by_tables: bool = False,
    threads: int = 1,
    of_class: NDArray[np.int64] | None = None,
) -> Contributions:
    """Explain rows.

    Args:
        booster: the model.
        matrix: shape (rows, features), NaN where a value is not known.
        named: how many features to name for each row.
        by_tables: by the tables of `lakehouse.evaluation.tree_shap`, if the model has any.
        threads: of XGBoost; a row's values do not depend on them.
        of_class: shape (rows,), of a label of several classes the one whose margin is explained in each row.
    """
    return ranked(*of_trees(booster, matrix, by_tables, threads, of_class), named)


def of_trees(
    booster: Any,
    matrix: NDArray[np.float32],
    by_tables: bool = False,
    threads: int = 1,
    of_class: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every contribution, shape (rows, features), and the base values, shape (rows,); see `greatest`."""
    import numpy as np

    if of_class is not None:
        return _of_classes(booster, matrix, of_class, by_tables, threads)
    tables = tree_shap.of_model(booster) if by_tables else None
    if tables is not None:
        return tables.contributions(matrix), np.full(len(matrix), tables.base)
    return _by_xgboost(booster, matrix, threads)


def ranked(values: NDArray[np.float64], base: NDArray[np.float64], named: int) -> Contributions:
    """The greatest contributions of each row, of ``values`` with shape (rows, features), and the sum of the others."""
    import numpy as np

    # Stable, so that equal contributions have one order: that of the model's features.
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    first, rest = order[:, :named], order[:, named:]
    return Contributions(
        first, np.take_along_axis(values, first, 1), np.take_along_axis(values, rest, 1).sum(axis=1), base
    )


def _of_classes(
    booster: Any, matrix: NDArray[np.float32], of_class: NDArray[np.int64], by_tables: bool, threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The contributions to the margin of each row's class, and its base value."""
    import numpy as np

    tables = tree_shap.of_classes(booster) if by_tables else None
    if tables is None:
        values, base = _by_xgboost(booster, matrix, threads)
        rows = np.arange(len(matrix))
        return values[rows, of_class], base[rows, of_class]
    values, base = np.zeros(matrix.shape), np.zeros(len(matrix))
    for number in np.unique(of_class).tolist():
        own = of_class == number
        values[own], base[own] = tables[number].contributions(matrix[own]), tables[number].base
    return values, base


def _by_xgboost(
    booster: Any, matrix: NDArray[np.float32], threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The contributions and the base value of each row; of several classes an axis of classes comes after that of rows."""
    import numpy as np

    rows = dense_matrix.of_rows(matrix)
    booster.set_param({"nthread": threads})
    found = booster.predict(rows, pred_contribs=True, approx_contribs=False, validate_features=False)
    return found[..., :-1].astype(np.float64), found[..., -1].astype(np.float64)
