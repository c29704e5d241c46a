"""The reasons of one of several classes: the contributions to its margin, by XGBoost and by tables."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost

from lakehouse.evaluation import shap_values, shapley_tables, tree_shap


def fitted(seed: int, classes: int, **shape: object) -> tuple[xgboost.Booster, np.ndarray]:
    dice = np.random.default_rng(seed)
    rows = dice.random((300, 5)).astype(np.float32)
    rows[dice.random(rows.shape) < 0.1] = np.nan
    label = (np.nan_to_num(rows[:, 0]) * classes * 0.99).astype(int)
    parameters = {"objective": "multi:softprob", "num_class": classes, "max_depth": 4, "seed": 1, **shape}
    return xgboost.train(parameters, xgboost.QuantileDMatrix(rows, label), 7), rows


@pytest.mark.parametrize(
    ("classes", "shape"), [(2, {}), (3, {}), (6, {"max_depth": 6}), (3, {"num_parallel_tree": 3, "subsample": 0.5})]
)
def test_tables_and_xgboost_explain_the_margin_of_the_rows_class(classes: int, shape: dict[str, object]) -> None:
    booster, rows = fitted(1, classes, **shape)
    of_class = np.random.default_rng(2).integers(0, classes, len(rows))
    whole = booster.predict(xgboost.DMatrix(rows), pred_contribs=True)
    expected = whole[np.arange(len(rows)), of_class]
    assert tree_shap.of_classes(booster) is not None and tree_shap.of_model(booster) is None
    for by_tables in (False, True):
        found = shap_values.greatest(booster, rows, 5, by_tables, of_class=of_class)
        values = np.empty((len(rows), 5))
        np.put_along_axis(values, found.feature, found.contribution, axis=1)
        assert values == pytest.approx(expected[:, :-1], abs=2e-5)
        assert found.base == pytest.approx(expected[:, -1], abs=1e-5)
        margins = booster.predict(xgboost.DMatrix(rows), output_margin=True)[np.arange(len(rows)), of_class]
        assert found.margin == pytest.approx(margins, abs=5e-5)


@pytest.mark.parametrize("shape", [{"booster": "dart", "rate_drop": 0.5}, {}])
def test_a_model_without_tables_is_left_to_xgboost(shape: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    booster, rows = fitted(3, 3, **shape)
    monkeypatch.setattr(shapley_tables, "LARGEST", 100)
    of_class = np.zeros(len(rows), dtype=np.int64)
    assert tree_shap.of_classes(booster) is None
    by_tables = shap_values.greatest(booster, rows, 2, True, of_class=of_class)
    assert np.array_equal(
        by_tables.contribution, shap_values.greatest(booster, rows, 2, of_class=of_class).contribution
    )
