"""Whom rows are about: declared with columns that exist, and nothing for declarations without it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse.declaration import Source, UseCase
from tests.jobs import appointments

SOURCE: dict[str, Any] = {
    "name": "orders",
    "key": ["number"],
    "columns": [
        {"name": "number", "type": "long"},
        {"name": "customer_id", "type": "long", "nullable": True},
        {"name": "country", "type": "string", "nullable": True},
    ],
}


def source(**subjects: Any) -> Source:
    return Source.model_validate(SOURCE | {"erasure": {"subjects": subjects}})


def test_a_subject_is_one_column_or_several() -> None:
    assert source(customer="customer_id").subjects == {"customer": ("customer_id",)}
    assert source(firm=["country", "customer_id"]).subjects == {"firm": ("country", "customer_id")}
    assert Source.model_validate(SOURCE).subjects == {}


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (
            {"customer": "customer"},
            "erasure.subjects.customer: unknown customer; expected one of the columns of source orders",
        ),
        ({"customer": []}, "customer: expected the column that identifies a customer"),
        ({"customer": ["country", "country"]}, "customer: declared twice: country"),
        ({"Customer": "country"}, "Customer"),
    ],
)
def test_what_identifies_nobody_is_refused(subjects: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        source(**subjects)


def test_a_declaration_without_it_says_what_it_said_before() -> None:
    assert "erasure" not in Source.model_validate(SOURCE).model_dump_json()
    assert "erasure" not in UseCase.model_validate(appointments.declaration()).model_dump_json()
    asked = UseCase.model_validate(appointments.declaration(erasure={"retrain": True}))
    assert asked.erasure.retrain and '"erasure":{"retrain":true}' in asked.model_dump_json()
