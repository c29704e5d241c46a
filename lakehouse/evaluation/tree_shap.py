"""Exact SHAP values of many rows at once: what XGBoost computes row by row, to the precision of its single floats.

XGBoost 3.2 explains about 800 rows a second and core by 200 trees of depth 6. By tables that are made once for a model
(`lakehouse.evaluation.shapley_tables`) it is twenty times as many; making them takes a second, so few rows are left to XGBoost.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.evaluation import dense_matrix, shapley_tables
from lakehouse.evaluation.shapley_tables import Floats, Subtree, Tree

Bools = NDArray[np.bool_]

# At a time: so many that numpy's own cost is not seen, so few that they stay in the processor's cache.
ROWS = 8_192


class TreeShap:
    """The contributions of a model's features.

    Args:
        trees: of the model.
        subtrees: of each tree, by their root.
        base: the base value: the margin of a row of which nothing is known.
    """

    def __init__(self, trees: list[Tree], subtrees: list[dict[int, Subtree]], base: float) -> None:
        self._trees, self._subtrees, self.base = trees, subtrees, base

    def contributions(self, matrix: NDArray[np.float32]) -> Floats:
        """What each feature adds to each row's margin: shape (rows, features), for rows with NaN where a value is not known."""
        total = np.zeros(matrix.shape)
        for first in range(0, len(matrix), ROWS):
            columns = np.ascontiguousarray(matrix[first : first + ROWS].T)
            part = np.zeros(columns.shape)
            for tree, subtrees in zip(self._trees, self._subtrees, strict=True):
                self._add(tree, subtrees, 0, {}, columns, part)
            total[first : first + ROWS] = part.T
        return total

    def _add(
        self,
        tree: Tree,
        subtrees: dict[int, Subtree],
        node: int,
        holds: dict[int, Bools],
        columns: NDArray[np.float32],
        part: Floats,
    ) -> None:
        """Add what the tree below a node contributes; ``holds``: which rows satisfy the conditions of each feature so far."""
        if node in subtrees:
            subtree = subtrees[node]
            index = np.zeros(columns.shape[1], dtype=np.intp)
            bits = [holds[feature] for feature in subtree.path]
            bits += [_goes_left(tree, split, columns) for split in subtree.splits]
            for position, bit in enumerate(bits):
                index += bit.astype(np.intp) << position
            for feature, table in zip(subtree.features, subtree.table, strict=True):
                part[feature] += table[index]
            return
        feature, left = tree.feature[node], _goes_left(tree, node, columns)
        before = holds.get(feature)
        for child, goes in ((tree.left[node], left), (tree.right[node], ~left)):
            now = goes if before is None else before & goes
            self._add(tree, subtrees, child, {**holds, feature: now}, columns, part)


@lru_cache(maxsize=4)
def of_model(booster: Any) -> TreeShap | None:
    """The tables of a model; None for one that is not a sum of plain trees, or whose trees are so deep that they don't fit."""
    trees = shapley_tables.trees_of(bytes(booster.save_raw("json")))
    subtrees = None if trees is None else shapley_tables.tables_of(trees)
    if trees is None or subtrees is None:
        return None
    unknown = dense_matrix.of_rows(np.full((1, booster.num_features()), np.nan, dtype=np.float32))
    base = booster.predict(unknown, pred_contribs=True, validate_features=False)[0, -1]
    return TreeShap(trees, subtrees, float(base))


@lru_cache(maxsize=4)
def of_classes(booster: Any) -> tuple[TreeShap, ...] | None:
    """The tables of each class of a model; None for one without several classes, or as `of_model`."""
    trees = shapley_tables.trees_by_class(bytes(booster.save_raw("json")))
    if trees is None or len(trees) == 1:
        return None
    subtrees = [found for own in trees if (found := shapley_tables.tables_of(own, len(trees))) is not None]
    if len(subtrees) < len(trees):
        return None
    unknown = dense_matrix.of_rows(np.full((1, booster.num_features()), np.nan, dtype=np.float32))
    base = booster.predict(unknown, pred_contribs=True, validate_features=False)[0, :, -1]
    return tuple(TreeShap(own, parts, float(start)) for own, parts, start in zip(trees, subtrees, base, strict=True))


def _goes_left(tree: Tree, node: int, columns: NDArray[np.float32]) -> Bools:
    values, limit = columns[tree.feature[node]], tree.condition[node]
    if node in tree.right_codes:
        stays: Bools = ~np.isin(values, tree.right_codes[node]) & (~np.isnan(values) | tree.default_left[node])
        return stays
    # NaN is neither below nor above: where it belongs is what the node was trained to.
    left: Bools = ~(values >= limit) if tree.default_left[node] else values < limit
    return left
