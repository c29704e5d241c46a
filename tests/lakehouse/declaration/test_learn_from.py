"""What may be declared under learn_from, and what is refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse.declaration import LearnFrom, UseCase
from tests.jobs import appointments
from tests.jobs.calibrate import worlds


def declared(learn_from: Any, **sections: Any) -> UseCase:
    return UseCase.model_validate(appointments.declaration(learn_from=learn_from, **sections))


def of_kind(kind: str, learn_from: Any) -> UseCase:
    said = worlds.declared(kind).model_dump(mode="json", by_alias=True)
    return UseCase.model_validate({**said, "learn_from": learn_from})


def test_a_declaration_without_it_says_what_it_said_before() -> None:
    use_case = UseCase.model_validate(appointments.declaration())
    assert use_case.learn_from is None and "learn_from" not in use_case.model_dump(mode="json")


def test_a_whole_one_comes_back_from_its_json() -> None:
    said = {
        "select": "clinic = 'north' AND lead_days > 0.1",
        "sample": {"share": 0.5, "by_class": {"no": 0.1, "yes": {"rows_a_day": 5}}, "seed": 3},
        "class_weights": {"yes": 2},
        "half_life_days": 30,
    }
    use_case = declared(said)
    assert use_case.learn_from is not None and use_case.learn_from.sample is not None
    assert use_case.learn_from.sample.by_class["no"].share == 0.1
    assert UseCase.model_validate(use_case.model_dump(mode="json")).learn_from == use_case.learn_from


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "expected one of select, sample, class_weights, half_life_days, found none"),
        ({"sample": {}}, "found a sample of everything"),
        ({"sample": {"share": 0}}, "greater than 0"),
        ({"sample": {"share": 1.5}}, "less than or equal to 1"),
        ({"sample": {"rows_a_day": 0}}, "greater than or equal to 1"),
        ({"sample": {"by_class": {"no": 0}}}, "greater than 0"),
        ({"sample": {"by_class": {"no": True}}}, "by_class.no"),
        ({"sample": {"by_class": {"late": 0.5}}}, "unknown late; expected one of the classes of the label: no, yes"),
        ({"sample": {"rows_a_day": 9, "by_class": {"no": {"rows_a_day": 2}}}}, "expected one of them"),
        ({"class_weights": {}}, "expected balanced, or a weight of a class, found none"),
        ({"class_weights": {"yes": 0}}, "class_weights.yes: expected a weight above 0, found 0"),
        ({"class_weights": {"ja": 2}}, "unknown ja"),
        ({"class_weights": "equal"}, "class_weights"),
        ({"half_life_days": 0}, "greater than 0"),
        ({"half_life_days": -3}, "greater than 0"),
        ({"half_life": 3}, "half_life"),
        ({"select": "lead_dayz > 1"}, "learn_from.select: 'lead_dayz > 1'"),
        ({"select": "lead_days + 1"}, "learn_from.select: 'lead_days \\+ 1'"),
        ({"select": "minutes_late > 10"}, "names minutes_late, of which the label is made.*sample.by_class"),
        ({"select": "clinic = 'a' and minutes_late > 10"}, "of which the label is made"),
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        declared(said)


@pytest.mark.parametrize("said", [{"class_weights": "balanced"}, {"sample": {"by_class": {"yes": 0.5}}}])
def test_a_regression_has_no_classes_to_weigh(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a regression has no classes"):
        of_kind("regression", said)


def test_a_regression_may_have_all_else() -> None:
    said = {"select": "lead_days > 0", "sample": {"share": 0.5, "rows_a_day": 7}, "half_life_days": 9.5}
    assert of_kind("regression", said).learn_from == LearnFrom.model_validate(said)


def test_classes_are_called_as_the_label_declares_them() -> None:
    said = {"sample": {"by_class": {"kept": 0.2}}, "class_weights": {"missed": 3}}
    assert of_kind("multiclass", said).learn_from is not None
    with pytest.raises(ValidationError, match="expected one of the classes of the label: kept, late, missed"):
        of_kind("multiclass", {"class_weights": {"yes": 3}})


def test_weighing_twice_is_refused() -> None:
    model = {"fixed": {"scale_pos_weight": 3}}
    with pytest.raises(ValidationError, match="scale_pos_weight under model weighs classes too"):
        declared({"class_weights": "balanced"}, model=model)
    assert declared({"half_life_days": 9}, model=model).learn_from is not None


def test_a_label_within_the_population_itself_is_no_condition() -> None:
    label = {"source": "bookings", "column": "late", "at_least": 30, "maturity_days": 1}
    sources = appointments.declaration()["sources"]
    sources[0]["columns"].append({"name": "late", "type": "int", "nullable": True})
    with pytest.raises(ValidationError, match="names late, of which the label is made"):
        declared({"select": "late IS NOT NULL"}, label=label, sources=sources)
    assert declared({"select": "clinic = 'late'"}, label=label, sources=sources).learn_from is not None
