"""What a declaration says of categories, and that one without them is what it was."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse import tables
from lakehouse.declaration import Feature, Model, UseCase
from tests.jobs import appointments, parcels


def test_what_was_declared_before_serialises_as_before() -> None:
    assert Feature(name="a", description="b").model_dump_json() == '{"name":"a","description":"b"}'
    assert '"type":"category"' in Feature(name="a", description="b", type="category").model_dump_json()
    assert "max_levels" not in Model(task="regression").model_dump()
    assert Model(task="regression", max_levels=20).model_dump()["max_levels"] == 20


def test_tables_have_a_level_where_a_feature_is_a_category_and_nowhere_else() -> None:
    with_, without = (UseCase.model_validate(one.declaration()) for one in (parcels, appointments))
    for table in (tables.reasons, tables.drift_counts):
        assert "level" in table(with_).column_names and "level" not in table(without).column_names
    types = {column.name: column.type for column in tables.features(with_).columns}
    assert (types["carrier"], types["weight"]) == ("string", "double")


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"features": [{"name": "carrier", "description": "d", "type": "text"}]}, "'number' or 'category'"),
        (
            {"model": {"task": "classification", "fixed": {"monotone_constraints": "(0,-1,0,1)"}}},
            "the levels of a category have no order; expected 0 for zone",
        ),
        ({"model": {"task": "classification", "max_levels": 1}}, "max_levels"),
        (
            {"model": {"task": "classification", "fixed": {"enable_categorical": 1}}},
            "write type: category at the feature",
        ),
    ],
)
def test_what_can_not_be_is_refused_at_load(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        UseCase.model_validate(parcels.declaration(**sections))


def test_a_key_called_level_has_no_room_beside_categories() -> None:
    content = parcels.declaration(entity={"source": "parcels_sent", "key": ["level"]})
    for source in content["sources"]:
        source["key"] = ["level"]
        source["columns"][0]["name"] = "level"
    with pytest.raises(
        ValidationError, match=r"entity\.key: level is a column of the reasons where a feature is a category"
    ):
        UseCase.model_validate(content)
    UseCase.model_validate(content | {"features": [{"name": "weight", "description": "d"}]})
