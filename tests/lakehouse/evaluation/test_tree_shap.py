"""SHAP values by tables are XGBoost's own, to the precision of its single floats, for trees of any shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xgboost

from lakehouse.evaluation import shap_values, shapley_tables, tree_shap

SHAPES: list[dict[str, Any]] = [
    {"max_depth": 1},
    {"max_depth": 2, "objective": "reg:squarederror", "base_score": 3.5},
    {"max_depth": 3, "objective": "count:poisson"},
    {"max_depth": 6, "min_child_weight": 0, "gamma": 0},
    {"max_depth": 7, "tree_method": "exact"},
    {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 9},
    {"max_depth": 4, "num_parallel_tree": 3, "subsample": 0.5},
    # Trees of a single leaf: nothing is worth a split.
    {"max_depth": 3, "gamma": 1e9},
]


def rows_of(seed: int, count: int, features: int) -> np.ndarray:
    dice = np.random.default_rng(seed)
    rows = dice.normal(size=(count, features)).astype(np.float32)
    # Values that repeat lie on the splits' own limits.
    rows[:, 0] = np.round(rows[:, 0])
    rows[dice.random(rows.shape) < 0.15] = np.nan
    return rows


def fitted(seed: int, shape: dict[str, Any], features: int, rounds: int = 20) -> xgboost.Booster:
    rows = rows_of(seed, 800, features)
    value = np.nan_to_num(rows[:, 0]) * 2 + np.nan_to_num(rows[:, 1]) * np.nan_to_num(rows[:, -1])
    parameters = {"objective": "binary:logistic", "seed": seed, "nthread": 1, "eta": 0.3, **shape}
    label = (value > 0).astype(float) if parameters["objective"].startswith("binary") else np.abs(value)
    return xgboost.train(parameters, xgboost.DMatrix(rows, label), rounds)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("features", [2, 5, 30])
def test_they_are_xgboosts_own(shape: dict[str, Any], features: int) -> None:
    booster = fitted(features, shape, features)
    # Among them a row of which nothing is known, and one that is all there.
    rows = np.vstack([rows_of(99, 200, features), np.full((1, features), np.nan), np.zeros((1, features))]).astype(
        np.float32
    )
    expected = booster.predict(xgboost.DMatrix(rows, nthread=1), pred_contribs=True)
    tables = tree_shap.of_model(booster)
    assert tables is not None
    found = tables.contributions(rows)
    precision = 20 * np.finfo(np.float32).eps * max(1.0, float(np.abs(expected).sum(axis=1).max()))
    assert np.abs(found - expected[:, :-1]).max() <= precision
    assert tables.base == expected[0, -1]
    margin = booster.predict(xgboost.DMatrix(rows, nthread=1), output_margin=True)
    assert np.abs(found.sum(axis=1) + tables.base - margin).max() <= precision


def test_more_rows_than_are_held_at_a_time_are_explained_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tree_shap.of_model(fitted(4, {"max_depth": 5}, 6))
    assert tables is not None
    rows = rows_of(5, 100, 6)
    whole = tables.contributions(rows)
    monkeypatch.setattr(tree_shap, "ROWS", 7)
    assert np.array_equal(tables.contributions(rows), whole)
    assert np.array_equal(tables.contributions(rows[40:41]), whole[40:41])


def test_the_values_of_a_leaf_are_shapleys_by_their_definition() -> None:
    from itertools import permutations

    dice = np.random.default_rng(2)
    values, shares = dice.normal(size=3), dice.random((3, 4))
    found = shapley_tables.contributions(values, shares)

    def worth(leaf: int, known: set[int], satisfied: int) -> float:
        parts = [float(satisfied >> one & 1) if one in known else shares[leaf, one] for one in range(4)]
        return float(values[leaf] * np.prod(parts))

    for leaf in range(3):
        for satisfied in range(16):
            mean = np.zeros(4)
            for order in permutations(range(4)):
                for place, one in enumerate(order):
                    before = set(order[:place])
                    mean[one] += worth(leaf, before | {one}, satisfied) - worth(leaf, before, satisfied)
            assert found[leaf, :, satisfied] == pytest.approx(mean / 24)


@pytest.mark.parametrize(
    "shape",
    [
        {"booster": "dart", "rate_drop": 0.5},
        {"booster": "gblinear", "max_depth": None},
        {"objective": "multi:softprob", "num_class": 3},
    ],
    ids=str,
)
def test_a_model_of_another_kind_is_left_to_xgboost(shape: dict[str, Any]) -> None:
    rows = rows_of(1, 200, 3)
    label = np.arange(200) % 3 if "num_class" in shape else np.arange(200) % 2
    parameters = {"objective": "binary:logistic", **{name: value for name, value in shape.items() if value is not None}}
    assert tree_shap.of_model(xgboost.train(parameters, xgboost.DMatrix(rows, label), 3)) is None


def test_trees_whose_tables_would_not_fit_are_left_to_xgboost(monkeypatch: pytest.MonkeyPatch) -> None:
    booster = fitted(6, {"max_depth": 6}, 5)
    monkeypatch.setattr(shapley_tables, "LARGEST", 10_000)
    assert tree_shap.of_model(booster) is None
    rows = rows_of(7, 20, 5)
    by_tables = shap_values.greatest(booster, rows, 2, by_tables=True)
    assert np.array_equal(by_tables.contribution, shap_values.greatest(booster, rows, 2).contribution)


def test_rows_explained_by_tables_name_the_same_features() -> None:
    booster, rows = fitted(8, {"max_depth": 5}, 9), rows_of(9, 300, 9)
    by_tables, by_xgboost = (shap_values.greatest(booster, rows, 3, by_tables=one) for one in (True, False))
    assert by_tables.contribution == pytest.approx(by_xgboost.contribution, abs=1e-5)
    assert by_tables.others == pytest.approx(by_xgboost.others, abs=1e-5)
    assert (by_tables.feature == by_xgboost.feature).mean() > 0.99


@pytest.mark.parametrize(
    "shape", [{"max_depth": 1}, {"max_depth": 6, "min_child_weight": 0}, {"max_cat_to_onehot": 50}], ids=str
)
@pytest.mark.parametrize("levels", [2, 5, 40])
def test_splits_of_categories_are_xgboosts_own_too(shape: dict[str, Any], levels: int) -> None:
    dice = np.random.default_rng(levels)
    rows = np.column_stack([dice.integers(0, levels, 1000), dice.integers(0, 3, 1000), dice.normal(size=1000)])
    effect = dice.normal(size=levels)
    label = (effect[rows[:, 0].astype(int)] + (rows[:, 1] == 1) + rows[:, 2] > 0.5).astype(float)
    rows = rows.astype(np.float32)
    rows[dice.random(rows.shape) < 0.1] = np.nan
    types = {"feature_types": ["c", "c", "q"], "nthread": 1}
    parameters = {"objective": "binary:logistic", "nthread": 1, "eta": 0.3, "tree_method": "hist", **shape}
    booster = xgboost.train(parameters, xgboost.DMatrix(rows, label, **types), 20)
    # Among them a code that no row had.
    asked = np.vstack([rows[:300], [[levels, 0, 0.5], [np.nan, np.nan, np.nan]]]).astype(np.float32)
    expected = booster.predict(xgboost.DMatrix(asked, **types), pred_contribs=True)
    tables = tree_shap.of_model(booster)
    assert tables is not None and any(
        tree.right_codes for tree in shapley_tables.trees_of(booster.save_raw("json")) or []
    )
    found = tables.contributions(asked)
    assert np.abs(found - expected[:, :-1]).max() <= 1e-5 and abs(tables.base - expected[0, -1]) <= 1e-6
    by_xgboost = shap_values.greatest(booster, asked, 3)
    assert (
        np.abs(by_xgboost.margin - booster.predict(xgboost.DMatrix(asked, **types), output_margin=True)).max() <= 1e-5
    )
