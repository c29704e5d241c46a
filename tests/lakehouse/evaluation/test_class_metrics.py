"""The metrics of several classes are scikit-learn's, over the classes that the rows have, also on drawn days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from lakehouse.declaration.class_catalogue import CLASS_METRICS, PER_CLASS
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.evaluation import class_metrics, day_bootstrap, metrics
from lakehouse.evaluation.day_bootstrap import Draws
from lakehouse.models.class_decision import ClassRule


def drawn(seed: int, count: int, classes: int, without: int = 0) -> Rows:
    """Rows whose labels are any of the first ``classes - without`` classes."""
    dice = np.random.default_rng(seed)
    label = dice.integers(0, classes - without, count).astype(float)
    odds = dice.normal(size=(count, classes)) + 1.5 * (label[:, None] == np.arange(classes))
    # In steps, so that some are equal.
    odds = np.round(odds, 1)
    score = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return Rows(label, score, np.argmax(score, axis=1))


cases = st.tuples(st.integers(0, 2**16), st.integers(1, 60), st.integers(2, 5)).flatmap(
    lambda case: st.tuples(*map(st.just, case), st.integers(0, case[2] - 1))
)


@settings(max_examples=60, deadline=None)
@given(case=cases)
def test_they_are_scikit_learns(case: tuple[int, int, int, int]) -> None:
    rows = drawn(*case)
    classes, present = range(case[2]), np.unique(rows.label).astype(int).tolist()
    label, score, decided = rows.label.astype(int), rows.score, rows.decided
    found = class_metrics.compute(rows.label, score, decided)
    assert found["log_loss"] == pytest.approx(sklearn.log_loss(label, score, labels=[*classes]))
    one_hot = np.eye(case[2])[label]
    assert found["brier"] == pytest.approx(((score - one_hot) ** 2).sum(axis=1).mean())
    assert found["accuracy"] == pytest.approx(sklearn.accuracy_score(label, decided))
    for name, function in (
        ("macro_precision", sklearn.precision_score),
        ("macro_recall", sklearn.recall_score),
        ("macro_f1", sklearn.f1_score),
    ):
        expected = function(label, decided, labels=present, average="macro", zero_division=0)
        assert found[name] == pytest.approx(expected), name
    if len(present) > 1:
        areas = [sklearn.roc_auc_score(label == number, score[:, number]) for number in present]
        assert found["macro_roc_auc"] == pytest.approx(np.mean(areas))
    else:
        assert found["macro_roc_auc"] is None
    counts = class_metrics.confusion(rows.label, decided, case[2])
    assert np.array_equal(counts, sklearn.confusion_matrix(label, decided, labels=[*classes]))


@settings(max_examples=40, deadline=None)
@given(case=cases)
def test_each_class_against_all_others_is_the_metric_of_two_classes(case: tuple[int, int, int, int]) -> None:
    rows = drawn(*case)
    for number, own in enumerate(class_metrics.by_class(rows.label, rows.score, rows.decided)):
        label, decided = (rows.label == number).astype(float), rows.decided == number
        expected = metrics.compute("classification", label, rows.score[:, number], decided)
        assert own == {name: expected[name] for name in PER_CLASS}
    own = class_metrics.by_class(rows.label, rows.score, rows.decided)
    whole = class_metrics.compute(rows.label, rows.score, rows.decided)
    for name in ("calibration_gap", "calibration_error"):
        assert abs(whole[name]) == max(abs(one[name]) for one in own)


@settings(max_examples=25, deadline=None)
@given(case=cases, dice=st.integers(0, 2**16))
def test_on_drawn_days_they_are_those_of_the_rows_taken_so_often(case: tuple[int, int, int, int], dice: int) -> None:
    rows = drawn(*case)
    days = np.random.default_rng(dice).integers(0, 4, len(rows.label))
    draws = Draws.of(days.astype("datetime64[D]"), dice, resamples=5)
    for name, metric in CLASS_METRICS.items():
        if metric.formula is None:
            continue
        values = draws.values(name, rows)
        for weights, value in zip(draws.weights, values, strict=True):
            taken = np.repeat(np.arange(len(rows.label)), weights[draws.day].astype(int))
            expected = class_metrics.compute(rows.label[taken], rows.score[taken], rows.decided[taken])[name]
            assert np.isnan(value) if expected is None else value == pytest.approx(expected), name
        assert day_bootstrap.value(name, rows) == pytest.approx(
            class_metrics.compute(rows.label, rows.score, rows.decided)[name]
        )


def test_a_class_that_no_row_has_is_left_out_of_the_mean_and_has_no_recall() -> None:
    rows = drawn(3, 50, 3, without=1)
    own = class_metrics.by_class(rows.label, rows.score, rows.decided)
    assert own[2]["recall"] is None and own[2]["roc_auc"] is None and own[2]["calibration_gap"] > 0
    recalls = [one["recall"] for one in own[:2]]
    assert class_metrics.compute(rows.label, rows.score, rows.decided)["macro_recall"] == pytest.approx(
        np.mean(recalls)
    )


def test_no_rows_have_no_metric() -> None:
    none = Rows(np.empty(0), np.empty((0, 3)), np.empty(0, dtype=np.int64))
    assert set(class_metrics.compute(none.label, none.score, none.decided).values()) == {None}
    assert class_metrics.confusion(none.label, none.decided, 3).sum() == 0


def test_results_name_the_class_after_the_metric() -> None:
    rows = drawn(1, 30, 2)
    named = class_metrics.named(["basic", "gold"], rows.label, rows.score, rows.decided)
    assert set(named) == {f"{metric}_{name}" for metric in PER_CLASS for name in ("basic", "gold")}
    lines = class_metrics.confusion_lines(["basic", "gold"], rows.label, rows.decided)
    assert sum(line["rows"] for line in lines) == 30 and {line["true"] for line in lines} == {"basic", "gold"}


costs = st.integers(2, 5).flatmap(
    lambda size: st.lists(
        st.lists(st.floats(0, 9), min_size=size, max_size=size).map(tuple), min_size=size, max_size=size
    ).map(tuple)
)


@settings(max_examples=60, deadline=None)
@given(costs=costs, seed=st.integers(0, 2**16), part=st.integers(1, 7))
def test_the_decision_costs_least_and_is_the_same_for_a_row_alone(
    costs: tuple[tuple[float, ...], ...], seed: int, part: int
) -> None:
    rule = ClassRule(tuple(map(str, range(len(costs)))), costs)
    probability = drawn(seed, 40, len(costs)).score.astype(np.float32).astype(np.float64)
    decided = rule.decide(probability)
    expected = probability @ np.array(costs)
    assert expected[np.arange(40), decided] == pytest.approx(expected.min(axis=1))
    alone = [rule.decide(probability[start : start + part]) for start in range(0, 40, part)]
    assert np.array_equal(np.concatenate(alone), decided)


def test_without_costs_the_most_probable_class_is_decided_and_equal_costs_mean_the_same() -> None:
    probability = drawn(5, 200, 4).score
    assert np.array_equal(ClassRule(("a", "b", "c", "d")).decide(probability), np.argmax(probability, axis=1))
    equal = tuple(tuple(float(true != other) for other in range(4)) for true in range(4))
    by_costs = ClassRule(("a", "b", "c", "d"), equal).decide(probability)
    rows = np.arange(200)
    assert probability[rows, by_costs] == pytest.approx(probability.max(axis=1))


def test_probabilities_are_arranged_by_the_declared_classes_and_a_new_one_has_none() -> None:
    rule = ClassRule(("gold", "basic"))
    found = rule.arranged(np.array([[0.3, 0.7]]), ("basic", "silver", "gold"))
    assert found.tolist() == [[0.7, 0.0, 0.3]] and rule.among(("basic", "silver", "gold")).tolist() == [2, 0]
