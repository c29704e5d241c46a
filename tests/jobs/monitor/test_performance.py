import datetime as dt

import pandas as pd
import pytest

from jobs.monitor import performance
from lakehouse.declaration import metric_names

DAY = dt.date(2024, 6, 1)


def frame(label: list[float | None], score: list[float], **slices: list[str]) -> pd.DataFrame:
    columns = {"partition": DAY, "role": "champion", "model_version": 3, "score": score, "label": label}
    columns["decision"] = [value >= 0.5 for value in score]
    return pd.DataFrame(columns | {f"slice_{name}": values for name, values in slices.items()})


def value(rows: list[dict], metric: str, **identity: str) -> dict:
    return next(row for row in rows if row["metric"] == metric and identity.items() <= row.items())


def test_rows_without_a_label_are_counted_and_not_judged():
    rows = performance.of_rows(frame([1.0, 0.0, None], [0.8, 0.4, 0.9]), "classification", ())
    brier = value(rows, "brier")
    assert (brier["rows"], brier["labelled_rows"]) == (3, 2)
    assert brier["value"] == pytest.approx((0.2**2 + 0.4**2) / 2)


def test_a_slice_of_a_single_class_has_no_ranking_metrics():
    rows = performance.of_rows(
        frame([1.0, 0.0, 1.0], [0.8, 0.4, 0.9], port=["x", "x", "y"]), "classification", ("port",)
    )
    assert value(rows, "roc_auc", slice="port", slice_value="x")["value"] == 1.0
    assert value(rows, "roc_auc", slice="port", slice_value="y")["value"] is None
    assert value(rows, "brier", slice="port", slice_value="y")["value"] == pytest.approx(0.01)


def test_decisions_are_judged_as_they_were_made():
    rows = performance.of_rows(frame([1.0, 0.0, 1.0, 0.0], [0.8, 0.6, 0.4, 0.1]), "classification", ())
    counts = {name: value(rows, name)["value"] for name in metric_names.CONFUSION}
    assert counts == {"true_positives": 1, "false_positives": 1, "false_negatives": 1, "true_negatives": 1}
    assert value(rows, "precision")["value"] == value(rows, "recall")["value"] == 0.5


def test_a_day_without_any_label_still_says_how_many_rows_wait():
    rows = performance.of_rows(frame([None, None], [0.5, 0.6]), "regression", ())
    assert [(row["metric"], row["rows"], row["labelled_rows"], row["value"]) for row in rows] == [
        ("rmse", 2, 0, None),
        ("mae", 2, 0, None),
        ("mape", 2, 0, None),
        ("r2", 2, 0, None),
        ("calibration_gap", 2, 0, None),
        ("calibration_error", 2, 0, None),
    ]


def test_the_order_of_the_rows_does_not_change_a_digit():
    rows = frame([1.0, 0.0] * 50, [0.1 + index * 0.007 for index in range(100)])
    shuffled = rows.sample(frac=1, random_state=4)
    assert performance.of_rows(rows, "classification", ()) == performance.of_rows(shuffled, "classification", ())


def test_days_taken_together_give_what_their_rows_together_give():
    small, large = frame([1.0, 0.0, 1.0], [0.8, 0.4, 0.3]), frame([0.0] * 5 + [1.0], [0.2, 0.3, 0.1, 0.6, 0.2, 0.9])
    later = large.assign(partition=DAY + dt.timedelta(days=1))
    for task, loss in (("classification", "log_loss"), ("regression", "rmse")):
        rows = [*performance.of_rows(small, task, ()), *performance.of_rows(later, task, ())]
        days = performance.by_day(rows, "champion", 3, task)
        together = performance.over(list(days.values()), task)
        whole = performance.of_rows(pd.concat([small, large]), task, ())
        assert together.labelled_rows == 9
        assert together.gap == pytest.approx(value(whole, "calibration_gap")["value"])
        assert together.loss == pytest.approx(value(whole, loss)["value"])


def test_days_of_other_versions_and_roles_do_not_count():
    rows = performance.of_rows(frame([1.0], [0.8]), "regression", ())
    assert performance.by_day(rows, "champion", 4, "regression") == {}
    assert performance.by_day(rows, "challenger", 3, "regression") == {}
