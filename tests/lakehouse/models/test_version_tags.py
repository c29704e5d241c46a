"""What a version's tags say, as types; what they don't say is refused by name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from lakehouse.errors import ModelRefused
from lakehouse.models import registry
from lakehouse.models.registry import ModelVersion

TAGS = {
    registry.TAG_THRESHOLD: "0.25",
    registry.TAG_TRAINED_FOR: "2024-02-10",
    registry.TAG_TRAINED_THROUGH: "2024-02-01",
    registry.TAG_HOLDOUT_FIRST: "2024-02-03",
    registry.TAG_HOLDOUT_LAST: "2024-02-09",
    registry.TAG_FEATURES: "lead_days,age",
    registry.TAG_FEATURES_VERSION: "12",
    registry.TAG_SHA256: "ab" * 32,
    registry.TAG_FINGERPRINT: "f1",
    registry.TAG_CODE_VERSION: "0.1.0+abc",
    registry.TAG_RETIRED: "2024-03-01T02:00:00+00:00",
    registry.TAG_FILES_REMOVED: "2024-04-01T02:00:00+00:00",
}
VALUES: dict[str, Any] = {
    "threshold": 0.25,
    "trained_for": dt.date(2024, 2, 10),
    "trained_through": dt.date(2024, 2, 1),
    "holdout_first": dt.date(2024, 2, 3),
    "holdout_last": dt.date(2024, 2, 9),
    "features": ("lead_days", "age"),
    "features_version": 12,
    "sha256": "ab" * 32,
    "fingerprint": "f1",
    "code_version": "0.1.0+abc",
    "retired_at": dt.datetime(2024, 3, 1, 2, tzinfo=dt.UTC),
    "files_removed_at": dt.datetime(2024, 4, 1, 2, tzinfo=dt.UTC),
}
OPTIONAL = {"threshold", "trained_for", "fingerprint", "code_version", "retired_at", "files_removed_at"}


def version(**tags: str) -> ModelVersion:
    return ModelVersion("clinic", 3, "run", tags)


def test_every_tag_of_training_and_retirement_is_a_typed_attribute() -> None:
    model = version(**TAGS)
    assert {name: getattr(model, name) for name in VALUES} == VALUES
    assert {getattr(ModelVersion, name).key for name in VALUES} == set(TAGS)
    assert [name for name in VALUES if getattr(ModelVersion, name).problem(model)] == []


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("tags", [{}, dict.fromkeys(TAGS, "")], ids=["missing", "empty"])
def test_a_tag_that_is_not_there_is_none_where_that_is_allowed_and_refused_elsewhere(
    name: str, tags: dict[str, str]
) -> None:
    model, key = version(**tags), getattr(ModelVersion, name).key
    if name in OPTIONAL:
        assert getattr(model, name) is None
    else:
        with pytest.raises(ModelRefused, match=f"^model clinic version 3: expected the tag {key} with .+, found "):
            getattr(model, name)
    assert getattr(ModelVersion, name).problem(model) == f"the tag {key} is not there"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("threshold", "high", "a number"),
        ("features_version", "1.5", "a number"),
        ("trained_for", "10 February", "a day as YYYY-MM-DD"),
        ("trained_through", "2024-02-30", "a day as YYYY-MM-DD"),
        ("holdout_first", "0", "a day as YYYY-MM-DD"),
        ("holdout_last", "2024-13-01", "a day as YYYY-MM-DD"),
        ("retired_at", "2024-03-01T02:00:00", "an instant with its time zone"),
        ("files_removed_at", "yesterday", "an instant with its time zone"),
    ],
)
def test_a_tag_that_cannot_be_read_names_model_version_tag_and_what_was_expected(
    name: str, text: str, expected: str
) -> None:
    key = getattr(ModelVersion, name).key
    model = version(**{**TAGS, key: text})
    with pytest.raises(ModelRefused) as refused:
        getattr(model, name)
    said = str(refused.value)
    assert said.startswith(f"model clinic version 3: expected the tag {key} with {expected}") and repr(text) in said
    assert f"should hold {expected}" in getattr(ModelVersion, name).problem(model)


def test_a_retired_version_is_out_of_service() -> None:
    with pytest.raises(ModelRefused, match=r"it was retired at 2024-03-01T02:00:00\+00:00; use another one"):
        registry.in_service(version(**TAGS))
    assert registry.in_service(version()) == version()
