"""Whatever loads as a declaration runs, and what does not is refused by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from lakehouse.declaration import UseCase
from tests.drawn_declarations import BASE, OF_CLASSES, SECTIONS, SEVERAL, changed, drawn
from tests.run_declarations import runs


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=drawn, dice=st.integers(min_value=0, max_value=2**16))
def test_whatever_loads_runs(changes: dict[tuple[str | int, ...], Any], dice: int) -> None:
    try:
        use_case = UseCase.model_validate(changed(BASE, changes))
    except ValidationError:
        return
    runs(use_case, dice)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.sampled_from(OF_CLASSES), max_size=2, unique=True).flatmap(
        lambda paths: st.fixed_dictionaries({path: SECTIONS[path] for path in paths})
    ),
    dice=st.integers(min_value=0, max_value=2**16),
)
def test_whatever_loads_of_several_classes_runs(changes: dict[tuple[str | int, ...], Any], dice: int) -> None:
    try:
        use_case = UseCase.model_validate(changed(SEVERAL, changes))
    except ValidationError:
        return
    runs(use_case, dice)


@pytest.mark.parametrize("path", SECTIONS, ids=lambda path: ".".join(map(str, path)))
def test_no_value_of_a_field_escapes_the_named_error(path: tuple[str | int, ...]) -> None:
    for value in (
        None,
        [],
        {},
        "",
        "x",
        -1,
        10**400,
        True,
        0.5,
        float("nan"),
        dt.date(2024, 1, 1),
        [None],
        {"x": [1]},
        b"x",
    ):
        try:
            use_case = UseCase.model_validate(changed(BASE, {path: value}))
        except ValidationError:
            continue
        runs(use_case, 0)
