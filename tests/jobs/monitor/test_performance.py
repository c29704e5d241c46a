import datetime as dt
import warnings

import numpy as np
import pyarrow as pa
import pytest

from jobs.monitor import performance
from jobs.monitor.scored_rows import ScoredRows
from lakehouse.declaration import metric_names
from lakehouse.declaration.metric_names import Task
from lakehouse.evaluation import blocks
from lakehouse.evaluation.packed_scores import PackedScores
from lakehouse.evaluation.slice_texts import SliceTexts
from lakehouse.storage import worker_threads

DAY = dt.date(2024, 6, 1)


def scored(label: list[float | None], score: list[float], day: dt.date = DAY, **slices: list[str | None]) -> ScoredRows:
    decision = [int(value >= 0.5) for value in score]
    return ScoredRows(
        day,
        "champion",
        3,
        np.array(score),
        np.array(decision, dtype=np.int8),
        np.array([np.nan if value is None else value for value in label]),
        {name: SliceTexts.of(pa.chunked_array([pa.array(values)])) for name, values in slices.items()},
    )


def of_rows(rows: ScoredRows, task: Task) -> list[dict]:
    return list(performance.of_rows(rows, task))


def value(rows: list[dict], metric: str, **identity: str) -> dict:
    return next(row for row in rows if row["metric"] == metric and identity.items() <= row.items())


def test_rows_without_a_label_are_counted_and_not_judged():
    rows = of_rows(scored([1.0, 0.0, None], [0.8, 0.4, 0.9]), "classification")
    brier = value(rows, "brier")
    assert (brier["rows"], brier["labelled_rows"]) == (3, 2)
    assert brier["value"] == pytest.approx((0.2**2 + 0.4**2) / 2)


def test_a_slice_of_a_single_class_has_no_ranking_metrics():
    rows = of_rows(scored([1.0, 0.0, 1.0], [0.8, 0.4, 0.9], port=["x", "x", "y"]), "classification")
    assert value(rows, "roc_auc", slice="port", slice_value="x")["value"] == 1.0
    assert value(rows, "roc_auc", slice="port", slice_value="y")["value"] is None
    assert value(rows, "brier", slice="port", slice_value="y")["value"] == pytest.approx(0.01)


def test_decisions_are_judged_as_they_were_made():
    rows = of_rows(scored([1.0, 0.0, 1.0, 0.0], [0.8, 0.6, 0.4, 0.1]), "classification")
    counts = {name: value(rows, name)["value"] for name in metric_names.CONFUSION}
    assert counts == {"true_positives": 1, "false_positives": 1, "false_negatives": 1, "true_negatives": 1}
    assert value(rows, "precision")["value"] == value(rows, "recall")["value"] == 0.5


def test_a_day_without_any_label_still_says_how_many_rows_wait():
    rows = of_rows(scored([None, None], [0.5, 0.6]), "regression")
    assert [(row["metric"], row["rows"], row["labelled_rows"], row["value"]) for row in rows] == [
        ("rmse", 2, 0, None),
        ("mae", 2, 0, None),
        ("mape", 2, 0, None),
        ("r2", 2, 0, None),
        ("calibration_gap", 2, 0, None),
        ("calibration_error", 2, 0, None),
    ]


def test_rows_of_no_known_slice_have_one_of_their_own_and_rows_of_no_entity_have_none():
    rows = scored([1.0, 0.0, 1.0], [0.8, 0.4, 0.9], port=["x", None, "x"])
    rows.slices["port"].code[2] = -1
    counted = {row["slice_value"]: row["rows"] for row in of_rows(rows, "classification")}
    assert counted == {"all": 3, "null": 1, "x": 1}


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_order_of_the_rows_does_not_change_a_digit(task):
    random = np.random.default_rng(4)
    score = random.random(200).round(2) - (task == "regression") / 2
    label = (random.random(200) < 0.4).astype(float) if task == "classification" else random.normal(size=200).round(1)
    port = random.choice(["x", "y", "z"], 200)
    found = []
    for order in (np.arange(200), random.permutation(200)):
        rows = scored(label[order].tolist(), score[order].tolist(), port=port[order].tolist())
        found.append(of_rows(rows, task))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(12))
def test_scores_of_32_bits_and_of_64_give_what_places_in_their_order_give(seed):
    dice = np.random.default_rng(seed)
    count = int(dice.choice([1, 2, 50, 3 * blocks.ROWS + 7]))
    score = dice.choice([dice.random(count), dice.integers(0, 5, count) / 4, dice.beta(0.01, 0.01, count)])
    # Those of trees; of trees but for the last one, which no number of 32 bits is; and greater ones than any such number.
    score = score.astype(np.float32).astype(np.float64)
    score[-1:] = score[-1:] if seed % 3 == 0 else 0.1 if seed % 3 == 1 else 1e300
    label = (dice.random(count) < 0.3).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        labels, scores = PackedScores.of(label, score).ascending()
    order = np.lexsort((label, score))
    assert scores.dtype == labels.dtype == np.float64
    assert np.array_equal(labels, label[order]) and np.array_equal(scores, score[order])


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_two_threads_give_the_same_rows_in_the_same_order(task, monkeypatch):
    random = np.random.default_rng(6)
    score = random.random(300).round(2).tolist()
    label = [None if value < 0.1 else float(value < 0.4) for value in random.random(300)]
    rows = scored(
        label, score, port=random.choice(["x", "y", "z"], 300).tolist(), gate=random.choice(["1", "2"], 300).tolist()
    )
    alone = of_rows(rows, task)
    monkeypatch.setattr(worker_threads, "MANY_ROWS", 1)
    assert of_rows(rows, task) == alone


def test_scores_that_are_packed_are_judged_as_those_that_are_not(monkeypatch):
    random = np.random.default_rng(7)
    score = random.random(400).round(2).tolist()
    label = [None if value < 0.1 else float(value < 0.4) for value in random.random(400)]
    rows = scored(label, score, port=random.choice(["x", "y", None], 400).tolist())
    packed = of_rows(rows, "classification")
    monkeypatch.setattr(PackedScores, "of", lambda label, score: None)
    assert of_rows(rows, "classification") == packed


def test_days_taken_together_give_what_their_rows_together_give():
    small, large = ([1.0, 0.0, 1.0], [0.8, 0.4, 0.3]), ([0.0] * 5 + [1.0], [0.2, 0.3, 0.1, 0.6, 0.2, 0.9])
    for task, loss in (("classification", "log_loss"), ("regression", "rmse")):
        rows = [*of_rows(scored(*small), task), *of_rows(scored(*large, day=DAY + dt.timedelta(days=1)), task)]
        days = performance.by_day(rows, "champion", 3, task)
        together = performance.over(list(days.values()), task)
        whole = of_rows(scored(small[0] + large[0], small[1] + large[1]), task)
        assert together.labelled_rows == 9
        assert together.gap == pytest.approx(value(whole, "calibration_gap")["value"])
        assert together.loss == pytest.approx(value(whole, loss)["value"])


def test_days_of_other_versions_and_roles_do_not_count():
    rows = of_rows(scored([1.0], [0.8]), "regression")
    assert performance.by_day(rows, "champion", 4, "regression") == {}
    assert performance.by_day(rows, "challenger", 3, "regression") == {}
