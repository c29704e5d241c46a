"""The one declaration of each metric."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from lakehouse import declaration
from lakehouse.declaration import metric_names
from lakehouse.declaration.class_catalogue import CLASS_METRICS
from lakehouse.declaration.learning import Fairness, Gate
from lakehouse.declaration.metric_catalogue import METRICS, Ranking, Rows
from lakehouse.declaration.worth_metrics import NAMES as OF_WORTH

LABEL = np.array([1.0, 0.0, 1.0, 0.0])
SCORE = np.array([0.8, 0.3, 0.4, 0.1])


def test_the_gate_compares_by_every_metric_of_scores_and_a_fairness_limit_by_some_that_exist() -> None:
    of_gate, of_fairness = (get_args(section.model_fields["metric"].annotation) for section in (Gate, Fairness))
    assert set(of_gate) == {name for names in (*metric_names.NAMES.values(), OF_WORTH) for name in names}
    assert set(of_fairness) <= {*METRICS, *CLASS_METRICS}


def test_a_metric_is_greater_when_better_only_where_it_is_said_so() -> None:
    rising = {"roc_auc", "average_precision", "r2", "precision", "recall", "f1"}
    macro = {"accuracy", "macro_roc_auc", "macro_precision", "macro_recall", "macro_f1"}
    assert {*rising, *macro, *OF_WORTH} == metric_names.GREATER_IS_BETTER
    assert all(map(metric_names.greater_is_better, ["recall_gold", "roc_auc_gold", "f1_1"]))
    assert not any(map(metric_names.greater_is_better, ["calibration_gap_gold", "log_loss", "brier", "alarm_rate"]))


def test_a_metric_of_the_same_name_is_better_the_same_way_for_several_classes() -> None:
    for name in METRICS.keys() & CLASS_METRICS.keys():
        assert METRICS[name].greater_is_better == CLASS_METRICS[name].greater_is_better


@pytest.mark.parametrize("metric", [one for one in METRICS.values() if one.group in ("decisions", "rates")])
def test_a_metric_of_decisions_is_not_computed_from_scores_alone(metric) -> None:
    with pytest.raises(AssertionError, match="expected decisions, found scores alone"):
        metric.formula.columns(Rows(LABEL, SCORE))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_a_ranking_depends_on_the_order_alone(name: str) -> None:
    formula = METRICS[name].formula
    assert isinstance(formula, Ranking)
    order = np.argsort(-SCORE)
    best = formula.area(np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0, 1.0]]))
    assert formula.area(LABEL[order][None], 1 - LABEL[order][None]) == best == 1.0


def test_reading_a_declaration_imports_no_numpy() -> None:
    for file in Path(declaration.__file__).parent.glob("*.py"):
        when_imported = [
            node for node in ast.parse(file.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        names = {alias.name for node in when_imported for alias in node.names}
        names |= {node.module for node in when_imported if isinstance(node, ast.ImportFrom)}
        assert not {name for name in names if name and name.partition(".")[0] in ("numpy", "scipy", "sklearn")}, file
