"""The function that explains rows: exact, additive, and in an order that does not depend on the batch."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.score.explainer import lines_of
from jobs.score.predict import predict
from lakehouse.evaluation import shap_values
from lakehouse.models import category_record, xgboost_model

NAMES = tuple(f"f{number}" for number in range(8))


@cache
def trained(objective: str) -> bytes:
    import xgboost

    dice = np.random.default_rng(7)
    rows = dice.normal(size=(500, len(NAMES)))
    rows[dice.random(rows.shape) < 0.1] = np.nan
    value = np.nan_to_num(rows[:, 0] * 2 - rows[:, 1] + rows[:, 2] * rows[:, 3])
    label = (value > 0).astype(float) if objective.startswith("binary") else value * 10 + 50
    parameters = {"objective": objective, "max_depth": 4, "seed": 1}
    return bytes(xgboost.train(parameters, xgboost.DMatrix(rows, label=label), 40).save_raw("ubj"))


def batch(rows: int = 60) -> pa.Table:
    dice = np.random.default_rng(8)
    columns: dict[str, Any] = {"key": pa.array([f"k{number}" for number in range(rows)])}
    for name in NAMES:
        columns[name] = pa.array([None if dice.random() < 0.2 else float(x) for x in dice.normal(size=rows)])
    return pa.table(columns)


def explained(model: bytes, rows: pa.Table, named: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = lines_of(model, rows, ("key",), NAMES, named).to_pylist()
    return lines


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror"])
@pytest.mark.parametrize("named", [1, 3, len(NAMES), 50])
def test_base_and_contributions_add_up_to_the_margin_of_the_score(objective: str, named: int) -> None:
    model, rows = trained(objective), batch()
    scored = predict(xgboost_model.load(model), rows, NAMES)
    scores = dict(zip(rows.column("key").to_pylist(), scored, strict=True))
    lines = explained(model, rows, named)
    parts = {line["key"]: [line["base_value"]] for line in lines}
    assert set(parts) == set(scores)
    for line in lines:
        parts[line["key"]].append(line["contribution"])
    for key, added in parts.items():
        if objective.startswith("binary"):
            assert 1 / (1 + np.exp(-sum(added))) == pytest.approx(scores[key], abs=1e-6, rel=1e-6)
        else:
            # XGBoost adds up in single precision: what it rounds away grows with what is added, not with the sum.
            precision = 4 * np.finfo(np.float32).eps * np.abs(added).sum()
            assert sum(added) == pytest.approx(scores[key], abs=precision, rel=0)


def test_the_greatest_come_first_and_the_others_last() -> None:
    lines = [line for line in explained(trained("binary:logistic"), batch(), 3) if line["key"] == "k5"]
    assert [line["rank"] for line in lines] == [1, 2, 3, 4]
    assert lines[-1]["feature"] == shap_values.OTHERS and lines[-1]["value"] is None
    named = [abs(line["contribution"]) for line in lines[:-1]]
    assert all(greater >= less for greater, less in pairwise(named))
    rows = batch().to_pylist()
    assert all(line["value"] == rows[5][line["feature"]] for line in lines[:-1])


def test_every_feature_named_leaves_no_others() -> None:
    lines = explained(trained("binary:logistic"), batch(2), len(NAMES))
    assert {line["feature"] for line in lines} == set(NAMES) and len(lines) == 2 * len(NAMES)


def test_batches_make_no_difference() -> None:
    model, rows = trained("binary:logistic"), batch()
    whole = explained(model, rows, 3)
    assert explained(model, rows.slice(0, 17), 3) + explained(model, rows.slice(17), 3) == whole


def test_contributions_are_exact_and_not_the_approximation() -> None:
    # A model of one tree of depth 1: who is worth what can be worked out by hand.
    import xgboost

    rows = np.array([[0.0], [0.0], [0.0], [1.0]], dtype=np.float32)
    parameters = {"objective": "reg:squarederror", "max_depth": 1, "eta": 1, "reg_lambda": 0, "base_score": 0}
    booster = xgboost.train(parameters, xgboost.DMatrix(rows, label=[0.0, 0.0, 0.0, 8.0]), 1)
    found = shap_values.greatest(xgboost_model.load(bytes(booster.save_raw("ubj"))), rows, 1)
    assert found.base == pytest.approx([2.0] * 4)
    assert found.contribution[:, 0] == pytest.approx([-2, -2, -2, 6])
    assert found.margin == pytest.approx([0, 0, 0, 8])


def test_a_category_is_scored_and_explained_by_the_levels_of_the_model() -> None:
    import xgboost

    dice = np.random.default_rng(5)
    levels = ("", "bee", "cat")
    codes, number = dice.integers(0, 3, 400).astype(float), dice.normal(size=400)
    codes[::9] = np.nan
    matrix = np.column_stack([codes, number])
    label = ((codes == 1) * 2 + number + dice.normal(0, 0.3, 400) > 1).astype(float)
    trained = xgboost.DMatrix(matrix, label, feature_names=["carrier", "weight"], feature_types=["c", "q"])
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, trained, 10)
    category_record.keep(booster, {"carrier": levels})
    content = bytes(booster.save_raw("ubj"))
    texts = ["bee", None, "", "zebra", "cat", "bee"]
    rows = pa.table({"key": pa.array(range(6)), "carrier": texts, "weight": pa.array([0.5, 0.1, None, 0.1, 2.0, -1.0])})
    names = ("carrier", "weight")
    scored = predict(xgboost_model.load(content), rows, names)
    known = np.array([[1, np.nan, 0, np.nan, 2, 1], [0.5, 0.1, np.nan, 0.1, 2.0, -1.0]], dtype=np.float32).T
    assert scored.tolist() == booster.inplace_predict(known, validate_features=False).astype(float).tolist()
    # New to the model is missing to it: the second and the fourth row are the same to it.
    assert scored[1] == scored[3] and len(set(scored.tolist())) == 5
    for by_tables in (False, True):
        lines = lines_of(content, rows, ("key",), names, 1, by_tables, with_levels=True).to_pylist()
        for key in range(6):
            first, others = (line for line in lines if line["key"] == key)
            category = first["feature"] == "carrier"
            assert first["level"] == (texts[key] if category else None)
            assert first["value"] == (None if category else rows.column("weight")[key].as_py())
            assert others["level"] is None and others["value"] is None
            margin = first["base_value"] + first["contribution"] + others["contribution"]
            assert 1 / (1 + np.exp(-margin)) == pytest.approx(scored[key], abs=1e-6)
    assert "level" not in lines_of(content, rows, ("key",), names, 1).column_names
