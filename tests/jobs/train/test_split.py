"""The split, counted back from a day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from jobs.train.split import Split, divide
from lakehouse.declaration import UseCase
from lakehouse.errors import TrainingDataMissing, TrainingFailed
from lakehouse.evaluation.labelled_rows import TrainingSet
from tests.jobs import appointments, cards

USE_CASE = UseCase.model_validate(appointments.declaration())
START = appointments.START


def rows_of(days: list[dt.date], label: float | None = None) -> TrainingSet:
    values = np.arange(len(days)) % 2 if label is None else np.full(len(days), label)
    return TrainingSet(("x",), np.zeros((len(days), 1)), values.astype(float), np.array(days, dtype="datetime64[D]"))


def days_from(first: dt.date, count: int, each: int = 1) -> list[dt.date]:
    return [first + dt.timedelta(days=offset) for offset in range(count) for _ in range(each)]


def test_windows_are_counted_back_from_the_day() -> None:
    split = Split.for_day(USE_CASE, dt.date(2025, 6, 1))
    assert str(split.train) == "2024-04-27..2025-05-16"
    assert str(split.validation) == "2025-05-18..2025-05-23"
    assert str(split.holdout) == "2025-05-25..2025-05-31"


def test_windows_do_not_reach_before_the_calendar() -> None:
    assert Split.for_day(USE_CASE, dt.date(2024, 2, 1)).train.first == START


def test_the_day_itself_is_in_no_window() -> None:
    day = dt.date(2024, 6, 1)
    assert Split.for_day(USE_CASE, day).whole.last < day


def test_no_row_is_in_two_parts_and_days_without_rows_do_no_harm() -> None:
    day = START + dt.timedelta(days=40)
    present = [d for d in days_from(START, 40, each=20) if d.day != 5]
    parts = divide(rows_of(present), Split.for_day(USE_CASE, day), USE_CASE)
    # A day of embargo before validation, and one before the holdout.
    assert sum(parts.rows.values()) == len(present) - 2 * 20
    assert parts.train.days.max() < parts.validation.days.min() < parts.holdout.days.min()


def test_rows_without_label_are_counted_and_left_out() -> None:
    rows = rows_of(days_from(START, 40, each=20))
    rows.label[::10] = np.nan
    parts = divide(rows, Split.for_day(USE_CASE, START + dt.timedelta(days=40)), USE_CASE)
    assert parts.unlabelled == 76
    assert not np.isnan(np.concatenate([parts.train.label, parts.validation.label, parts.holdout.label])).any()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (days_from(START, 40, each=5), r"at least 200 labelled row\(s\) in the train window .* found 125"),
        (days_from(START, 26, each=20), r"in the validation window 2024-01-27\.\.2024-02-01, found 0 of 0"),
        (days_from(START, 33, each=20), r"in the holdout window 2024-02-03\.\.2024-02-09, found 0 of 0"),
    ],
)
def test_too_few_rows_are_an_error_with_numbers(days: list[dt.date], said: str) -> None:
    with pytest.raises(TrainingDataMissing, match=said):
        divide(rows_of(days), Split.for_day(USE_CASE, START + dt.timedelta(days=40)), USE_CASE)


def test_training_rows_of_one_class_are_an_error() -> None:
    with pytest.raises(TrainingDataMissing, match="expected both classes"):
        divide(
            rows_of(days_from(START, 40, each=20), 0.0),
            Split.for_day(USE_CASE, START + dt.timedelta(days=40)),
            USE_CASE,
        )


def trained_for(objective: str) -> UseCase:
    content = appointments.declaration()
    del content["label"]["at_least"]
    model = {"task": "regression", "fixed": {"objective": objective}}
    gate = {"metric": "rmse", "min_improvement": 0}
    return UseCase.model_validate({**content, "model": model, "gate": gate, "reasons": None})


@pytest.mark.parametrize(
    ("objective", "label", "expected"),
    [
        ("count:poisson", -3.0, "count:poisson can take .at least 0, in 32 bits., found .* other"),
        ("reg:gamma", 0.0, "above 0"),
        ("reg:tweedie", -0.5, "at least 0"),
        ("reg:logistic", 1.5, "at least 0 and at most 1"),
        ("reg:squaredlogerror", -1.0, "above -1"),
        ("reg:squarederror", 1e39, "any number, in 32 bits., found .* other"),
    ],
)
def test_a_label_that_the_objective_can_not_take_is_named_before_training(
    objective: str, label: float, expected: str
) -> None:
    use_case = trained_for(objective)
    split = Split.for_day(use_case, dt.date(2024, 3, 20))
    days = days_from(split.train.first, (split.holdout.last - split.train.first).days + 1, each=6)
    with pytest.raises(TrainingFailed, match=expected):
        divide(rows_of(days, label), split, use_case)


def test_a_class_without_a_row_in_training_is_named_with_what_to_do() -> None:
    use_case = UseCase.model_validate(cards.declaration())
    split = Split.for_day(use_case, START + dt.timedelta(days=40))
    rows = rows_of(days_from(START, 40, each=12))
    with pytest.raises(TrainingDataMissing) as raised:
        divide(rows, split, use_case)
    text = str(raised.value)
    assert "found none of platinum in its 300 rows" in text and "take the class out of label.classes" in text


@pytest.mark.parametrize("without", ["validation", "holdout"])
def test_a_class_may_be_absent_from_what_it_is_judged_on(without: str) -> None:
    use_case = UseCase.model_validate(cards.declaration())
    split = Split.for_day(use_case, START + dt.timedelta(days=40))
    rows = rows_of(days_from(START, 40, each=12))
    label = (np.arange(len(rows)) % 3).astype(float)
    window = getattr(split, without)
    there = (rows.days >= np.datetime64(window.first)) & (rows.days <= np.datetime64(window.last))
    label[there] = np.minimum(label[there], 1)
    parts = divide(TrainingSet(rows.names, rows.features, label, rows.days), split, use_case)
    assert 2 not in getattr(parts, without).label and 2 in parts.train.label
