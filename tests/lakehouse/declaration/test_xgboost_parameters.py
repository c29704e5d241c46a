"""The parameters and objectives that a declaration may name are those of the XGBoost that is installed, and mean what is said."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse.declaration import Model
from lakehouse.declaration.objectives import OBJECTIVES
from lakehouse.declaration.xgboost_parameters import ALIASES, CONSTRAINTS, KNOWN, PLATFORM

ROWS = np.random.default_rng(1).random((60, 3))
# Of XGBoost's configuration, what has no use here: other devices, internals.
NO_USE = {
    *("sparse_threshold", "debug_synchronize", "max_cached_hist_node"),
    *("fail_on_invalid_gpu_id", "num_trees", "updater_seq", "num_feature", "num_target", "objective", "name"),
}


def train(**parameters: Any) -> Any:
    """A booster; a warning that a parameter is not used is an error."""
    label = ROWS[:, 0]
    if parameters.get("objective") == "binary:logistic":
        label = (label > 0.5).astype(float)
    matrix = xgboost.QuantileDMatrix(ROWS, label, max_bin=int(parameters.get("max_bin", 256)), nthread=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return xgboost.train({"nthread": 1, "eval_metric": "rmse", **parameters}, matrix, 2)


def context(name: str) -> dict[str, Any]:
    """What has to be declared beside a parameter that is read with one objective or booster alone."""
    only = KNOWN[name].only
    if only is None:
        return {}
    return (
        {"booster": only}
        if only == "dart"
        else {"objective": only, "quantile_alpha": 0.5}
        if "quant" in only
        else {"objective": only}
    )


@pytest.mark.parametrize("name", KNOWN)
def test_xgboost_knows_each_parameter_and_takes_its_bounds(name: str) -> None:
    known = KNOWN[name]
    if known.words:
        values: list[Any] = list(known.words)
    else:
        kind = int if known.integer else float
        low = 1e-6 if known.above_low else known.low
        # Twenty trees a round are enough of a forest.
        values = [kind(low), kind(20 if name == "num_parallel_tree" else known.high)]
    for value in values:
        assert known.takes(value)
        train(**{**context(name), name: value})


@pytest.mark.parametrize("name", [name for name, known in KNOWN.items() if not known.words])
def test_what_xgboost_refuses_is_refused_at_load(name: str) -> None:
    for value in (-1e-3, -1, 1.5, 0, 1e39, 2**31):
        try:
            train(**{**context(name), name: value})
        except Exception:
            assert not KNOWN[name].takes(value), value


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_another_name_for_a_parameter_means_the_same(alias: str, name: str) -> None:
    assert train(**{alias: 0.25}).save_raw() == train(**{name: 0.25}).save_raw()
    assert Model(task="regression", fixed={alias: 0.25}).fixed == {name: 0.25}


def test_every_parameter_of_the_installed_version_is_known_or_left_out_on_purpose() -> None:
    def names(part: Any) -> set[str]:
        if not isinstance(part, dict):
            return {name for item in part for name in names(item)} if isinstance(part, list) else set()
        return {name for name, value in part.items() if isinstance(value, str)} | names(list(part.values()))

    for parameters in ({}, {"booster": "dart"}):
        found = names(json.loads(train(**parameters).save_config()))
        assert found - {*KNOWN, *ALIASES, *CONSTRAINTS, *PLATFORM, *NO_USE} == set()


# Of several classes no margin makes a score alone: tests/lakehouse/evaluation/test_class_shap.py.
ALONE = {name: one for known in OBJECTIVES.values() for name, one in known.items() if one.scale != "softmax"}


@pytest.mark.parametrize("name", ALONE)
def test_base_value_and_contributions_make_the_score_on_the_scale_that_is_said(name: str) -> None:
    objective = ALONE[name]
    booster = train(objective=name, **({objective.needs: 0.4} if objective.needs else {}))
    margins = booster.predict(xgboost.DMatrix(ROWS), pred_contribs=True).sum(axis=1)
    found = [objective.score(float(margin)) for margin in margins]
    assert found == pytest.approx(booster.inplace_predict(ROWS).tolist(), abs=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "survival:cox",
        "survival:aft",
        "rank:ndcg",
        "multi:softprob",
        "binary:hinge",
        "binary:logitraw",
        "binary:logistic",
        "reg:nonsense",
    ],
)
def test_an_objective_that_predicts_no_value_of_the_label_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="expected one that predicts a regression: reg:squarederror"):
        Model(task="regression", fixed={"objective": name})


@given(st.floats(min_value=-800, max_value=800))
def test_a_score_of_any_margin_is_a_number(margin: float) -> None:
    for objective in ALONE.values():
        assert not np.isnan(objective.score(margin))
