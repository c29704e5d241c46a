"""The drift of the decided classes' shares, and whose calibration is off."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.monitor import class_drift, class_performance, counts, performance, scored_classes
from jobs.monitor.performance import Matured
from lakehouse.declaration import Drift
from lakehouse.evaluation.drift_profile import Profile

CLASSES = ("basic", "gold", "platinum")
DAYS = [dt.date(2024, 1, number) for number in range(1, 21)]


def profile(numbers: list[int]) -> Profile:
    days = np.repeat(DAYS, len(numbers) // len(DAYS))
    frame = pd.DataFrame({"partition": days, "x": 1.0})
    scores = pd.DataFrame({"partition": days, "score": np.array(numbers, dtype=float)})
    return Profile.of(frame, scores, {}, Drift(window_days=3), classes=len(CLASSES))


ORDINARY = profile([0] * 100 + [1] * 80 + [2] * 20)


def test_each_class_has_a_bin_and_one_that_is_no_more_the_last() -> None:
    assert ORDINARY.prediction.edges == (0.0, 1.0)
    assert ORDINARY.prediction.shares == pytest.approx((0.5, 0.4, 0.1, 0.0))
    assert Profile.from_json(ORDINARY.to_json()) == ORDINARY
    decision = pa.chunked_array([["gold", "basic", "silver", None], ["platinum"]])
    rows = pa.table({"score": scored_classes.numbers(decision, CLASSES).cast(pa.float64())})
    assert counts.of_columns(rows, {"score": ORDINARY.prediction})["score"].tolist() == [1, 1, 1, 2]


def test_a_class_that_was_never_decided_in_training_has_a_bin_too() -> None:
    assert profile([0] * 100 + [1] * 100).prediction.shares == pytest.approx((0.5, 0.5, 0.0, 0.0))


@pytest.mark.parametrize(
    ("day", "violated", "words"),
    [
        ([50, 40, 10, 0], False, "PSI of the decided classes 0.000"),
        ([45, 10, 45, 0], True, "most of it by platinum: 45.0% of the rows against 10.0% in training (limit 0.25)"),
        ([0, 80, 20, 0], True, "most of it by basic: 0.0% of the rows against 50.0% in training"),
    ],
)
def test_the_verdict_names_the_class_that_moved_most(day: list[int], violated: bool, words: str) -> None:
    seen = {one: np.array(day) for one in DAYS[-3:]}
    found = class_drift.check(ORDINARY.prediction, seen, DAYS[-3:], 0.25, CLASSES)
    assert (found.kind, found.feature, found.violated) == ("prediction", "decision", violated)
    assert found.reason is not None and words in found.reason


def test_too_few_days_are_not_measured() -> None:
    found = class_drift.check(ORDINARY.prediction, {DAYS[-1]: np.array([5, 4, 1, 0])}, DAYS[-3:], 0.25, CLASSES)
    assert found.value is None and not found.violated and "1 of the 3 days" in str(found.reason)


def test_calibration_over_days_is_of_the_class_that_is_furthest_off_over_all_of_them() -> None:
    days = [Matured(10, 0.3, 1.0, {"a": 0.3, "b": -0.2}), Matured(30, -0.2, 2.0, {"a": -0.1, "b": -0.2})]
    found = performance.over(days, "multiclass")
    assert found.gaps == pytest.approx({"a": 0.0, "b": -0.2}) and found.gap == pytest.approx(-0.2)
    assert found.loss == pytest.approx(1.75) and class_drift.whose(found) == "probabilities of b"
    assert class_drift.whose(Matured(1, 0.1, 1.0)) == "scores"


@given(seed=st.integers(0, 2**16), count=st.integers(1, 30))
def test_the_order_of_the_files_changes_no_digit(seed: int, count: int) -> None:
    dice = np.random.default_rng(seed)
    label = np.where(dice.random(count) < 0.2, np.nan, dice.integers(0, 3, count))
    score = dice.dirichlet(np.ones(3), count)
    decision = dice.integers(-1, 3, count)
    other = dice.permutation(count)
    lines = list(class_performance.lines(CLASSES, label, score, decision))
    assert lines == list(class_performance.lines(CLASSES, label[other], score[other], decision[other]))
    known, known_other = ~np.isnan(label), ~np.isnan(label[other])
    whole = class_performance.whole(label[known], score[known], decision[known])
    assert whole == class_performance.whole(
        label[other][known_other], score[other][known_other], decision[other][known_other]
    )
    decided = sum(line["value"] for line in lines if line["metric"].startswith("decided_"))
    assert decided == np.count_nonzero(known & (decision >= 0))
