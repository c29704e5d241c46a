"""What each way through a tree adds to each feature, worked out once for a model: the tables of `lakehouse.evaluation.tree_shap`.

Of a leaf, a row's contributions depend only on which features' conditions on the way to it the row satisfies (Yang, Fast TreeSHAP,
2021). Neighbouring leaves share most of these conditions: so a table is made for each small subtree, whose index has a bit for each
feature of the way down to it and one for each of its own splits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Splits between a subtree's root and its leaves. Of a tree of depth 6 a height of 2 makes 16 tables of 128 entries.
HEIGHT = 2
# What the tables of a model may take; a depth of 6 takes 23 MB for 200 trees, and each further level four times as much.
LARGEST = 128 << 20


@dataclass
class Tree:
    """A tree's nodes as arrays, as XGBoost's JSON has them; of a leaf ``condition`` is its value.

    A node that splits a category has the codes that go right in ``right_codes``, and no condition.
    """

    left: list[int]
    right: list[int]
    feature: list[int]
    condition: NDArray[np.float32]
    default_left: list[bool]
    cover: list[float]
    right_codes: dict[int, NDArray[np.intp]] = field(default_factory=dict)
    height: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Measure the height of each node; children come after their parent."""
        self.height = [0] * len(self.left)
        for node in reversed(range(len(self.left))):
            if self.left[node] >= 0:
                self.height[node] = 1 + max(self.height[self.left[node]], self.height[self.right[node]])


@dataclass
class Subtree:
    """A table for a part of a tree.

    Attributes:
        path: the features of the way from the tree's root, each once: the index's first bits, whether a row satisfies all
            conditions on that feature.
        splits: the nodes inside: the next bits, whether a row goes left.
        features: that have contributions.
        table: shape (features, 2 ** bits).
    """

    path: list[int]
    splits: list[int]
    features: list[int]
    table: Floats


@dataclass
class _Leaf:
    """A leaf below a subtree's root: its value, and of each feature of its way the share of rows that goes there."""

    subtree: Subtree
    value: float
    shares: dict[int, float]
    turns: list[tuple[int, bool, int]]  # The place of a split in the subtree, whether left, and its feature.


def trees_of(model: bytes) -> list[Tree] | None:
    """The trees of a model in XGBoost's JSON format; None for a model of another kind than sums of plain trees."""
    by_class = trees_by_class(model)
    return by_class[0] if by_class is not None and len(by_class) == 1 else None


def trees_by_class(model: bytes) -> list[list[Tree]] | None:
    """The trees that each class of a model has; one list for a model whose label does not have several."""
    learner = json.loads(model)["learner"]
    booster = learner["gradient_booster"]
    if booster["name"] != "gbtree":
        return None
    trees, owner = booster["model"]["trees"], booster["model"]["tree_info"]
    if any(int(tree["tree_param"].get("size_leaf_vector", 1)) > 1 for tree in trees):
        return None
    classes = max(1, int(learner["learner_model_param"].get("num_class", 0)))
    return [[_tree(tree) for tree, own in zip(trees, owner, strict=True) if own == number] for number in range(classes)]


def _tree(tree: dict[str, Any]) -> Tree:
    return Tree(
        left=tree["left_children"],
        right=tree["right_children"],
        feature=tree["split_indices"],
        condition=np.asarray(tree["split_conditions"], dtype=np.float32),
        default_left=[bool(one) for one in tree["default_left"]],
        cover=tree["sum_hessian"],
        right_codes={
            node: np.asarray(tree["categories"][start : start + size], dtype=np.intp)
            for node, start, size in zip(
                *(tree.get(f"categories_{name}", ()) for name in ("nodes", "segments", "sizes")), strict=True
            )
        },
    )


def tables_of(trees: list[Tree], models: int = 1) -> list[dict[int, Subtree]] | None:
    """Of each tree the subtrees by their root; None where the tables of so many ``models`` would be too large."""
    roots: list[dict[int, Subtree]] = []
    leaves: list[_Leaf] = []
    size = 0
    for tree in trees:
        found: dict[int, Subtree] = {}
        for root, shares in _subtrees(tree, 0, {}):
            splits = list(_splits(tree, root))
            features = list(dict.fromkeys([*shares, *(tree.feature[node] for node in splits)]))
            bits = len(shares) + len(splits)
            size += 8 * len(features) << bits
            if size * models > LARGEST:
                return None
            found[root] = Subtree(list(shares), splits, features, np.zeros((len(features), 1 << bits)))
            leaves += _leaves(tree, root, found[root], shares, [])
        roots.append(found)
    by_width: dict[int, list[_Leaf]] = {}
    for leaf in leaves:
        by_width.setdefault(len(leaf.shares), []).append(leaf)
    for width, group in by_width.items():
        if width:
            values = np.array([leaf.value for leaf in group])
            shares_of = np.array([list(leaf.shares.values()) for leaf in group])
            for leaf, table in zip(group, contributions(values, shares_of), strict=True):
                _add(leaf, table)
    return roots


def contributions(values: Floats, shares: Floats) -> Floats:
    """The Shapley values of leaves' features, for each set of features whose conditions a row satisfies.

    A leaf counts for a set of known features by the product of the shares of the unknown ones, if the row satisfies the
    conditions of all known ones (Lundberg and others, 2020, path-dependent). The sum over sets of known features is made for
    all rows' sets at once.

    Args:
        values: shape (leaves,).
        shares: shape (leaves, features): of the rows that come to the feature's splits, the share that goes on towards the leaf.

    Returns:
        Shape (leaves, features, 2 ** features): bit i of the last index says whether the row satisfies feature i's conditions.
    """
    leaves, width = shares.shape
    sets = np.arange(1 << width)
    members = np.array([int(one).bit_count() for one in sets])
    weight = np.array(
        [factorial(size) * factorial(width - size - 1) / factorial(width) if size < width else 0.0 for size in members]
    )
    unknown = np.ones((leaves, 1 << width))
    for feature in range(width):
        unknown[:, (sets >> feature & 1) == 0] *= shares[:, feature, None]
    found = np.empty((leaves, width, 1 << width))
    for feature in range(width):
        bit = 1 << feature
        without = (sets & bit) == 0
        known = np.where(without, weight * unknown[:, sets | bit], 0.0)
        for other in range(width):
            if other != feature:
                has = (sets >> other & 1) == 1
                known[:, has] += known[:, sets[has] & ~(1 << other)]
        satisfied = np.where(without, 0.0, 1.0) - shares[:, feature, None]
        found[:, feature] = values[:, None] * satisfied * known[:, sets & ~bit]
    return found


def _subtrees(tree: Tree, node: int, shares: dict[int, float]) -> Iterator[tuple[int, dict[int, float]]]:
    """The roots of the subtrees, with the share of each feature of the way down to them."""
    if tree.height[node] <= HEIGHT:
        yield node, shares
        return
    for child in (tree.left[node], tree.right[node]):
        yield from _subtrees(tree, child, _with(shares, tree, node, child))


def _splits(tree: Tree, node: int) -> Iterator[int]:
    if tree.left[node] >= 0:
        yield node
        yield from _splits(tree, tree.left[node])
        yield from _splits(tree, tree.right[node])


def _leaves(
    tree: Tree, node: int, subtree: Subtree, shares: dict[int, float], turns: list[tuple[int, bool, int]]
) -> Iterator[_Leaf]:
    if tree.left[node] < 0:
        yield _Leaf(subtree, float(tree.condition[node]), shares, turns)
        return
    place, feature = subtree.splits.index(node), tree.feature[node]
    for child, left in ((tree.left[node], True), (tree.right[node], False)):
        deeper = _with(shares, tree, node, child)
        yield from _leaves(tree, child, subtree, deeper, [*turns, (place, left, feature)])


def _with(shares: dict[int, float], tree: Tree, node: int, child: int) -> dict[int, float]:
    feature = tree.feature[node]
    share = tree.cover[child] / tree.cover[node] if tree.cover[node] else 0.0
    return {**shares, feature: shares.get(feature, 1.0) * share}


def _add(leaf: _Leaf, table: Floats) -> None:
    """Add a leaf's contributions to its subtree's table."""
    subtree = leaf.subtree
    index = np.arange(subtree.table.shape[1])
    first = len(subtree.path)
    satisfied = np.zeros_like(index)
    for position, feature in enumerate(leaf.shares):
        holds = index >> subtree.path.index(feature) & 1 if feature in subtree.path else np.ones_like(index)
        for place, left, split_on in leaf.turns:
            if split_on == feature:
                goes_left = index >> (first + place) & 1
                holds = holds & (goes_left if left else 1 - goes_left)
        satisfied |= holds << position
    for position, feature in enumerate(leaf.shares):
        subtree.table[subtree.features.index(feature)] += table[position, satisfied]
