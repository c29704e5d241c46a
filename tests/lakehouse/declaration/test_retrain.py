"""The section ``retrain`` of a declaration."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse.declaration import Retrain, UseCase
from tests.jobs import appointments


def test_left_out_violated_verdicts_ask_as_ever() -> None:
    use_case = UseCase.model_validate(appointments.declaration())
    assert use_case.retrain == Retrain() and use_case.retrain.triggers == ("drift", "performance")
    assert use_case.retrain.cooldown(use_case.drift) == use_case.drift.cooldown_days


def test_a_declaration_without_it_serialises_as_before_and_with_it_says_so() -> None:
    declared = appointments.declaration()
    assert "retrain" not in UseCase.model_validate(declared).model_dump()
    section = {"triggers": [], "every_days": 28, "cooldown_days": 3}
    assert UseCase.model_validate({**declared, "retrain": section}).model_dump()["retrain"]["every_days"] == 28


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"triggers": ["drift", "drift"]}, "triggers: declared twice: drift"),
        ({"triggers": ["weather"]}, "'drift' or 'performance'"),
        ({"every_days": 0}, "greater than or equal to 1"),
        ({"new_labels": 0}, "greater than or equal to 1"),
        ({"at_most_a_month": 31}, "less than or equal to 30"),
        (
            {"every_days": 5, "cooldown_days": 6},
            r"every_days \(5\) is shorter than the cool-down \(retrain.cooldown_days: 6\)",
        ),
        ({"every_days": 5}, r"every_days \(5\) is shorter than the cool-down \(drift.cooldown_days: 7\)"),
    ],
)
def test_what_makes_no_sense_is_refused(section: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        UseCase.model_validate({**appointments.declaration(), "retrain": section})
