"""A feature that became a category, or a number: its table is migrated where its values can be, and nothing is lost where not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jobs.ingest import gold_shape
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.errors import MigrationNeeded, MigrationRefused
from lakehouse.storage import arrow_dataset, commits, delta_log, feature_types
from tests.jobs import parcels


def declared(**types: str) -> UseCase:
    features = [
        feature | {"type": types.get(str(feature["name"]), feature.get("type", "number"))}
        for feature in parcels.FEATURES
    ]
    return UseCase.model_validate(parcels.declaration(features=features))


def write(use_case: UseCase, *values: dict[str, Any]) -> None:
    stamps = {
        "partition": parcels.START,
        "inputs_fingerprint": "f",
        "prediction_time": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    }
    rows = [
        {"carrier": "ant", "zone": None, "express": "true", "weight": 0.5, **value, **stamps, "parcel": key}
        for key, value in enumerate(values)
    ]
    commits.replace_rows(tables.features(use_case), rows, "true")


def found(use_case: UseCase, name: str) -> list[Any]:
    return arrow_dataset.read(tables.features(use_case)).sort_by("parcel").column(name).to_pylist()


def test_numbers_become_texts_and_texts_numbers(lakehouse_root: Path) -> None:
    numbers, categories = declared(zone="number"), declared()
    write(numbers, {"zone": 5.0}, {"zone": None}, {"zone": 1.5})
    feature_types.expect_declared(numbers, ("zone", "weight"), 0)
    with pytest.raises(
        MigrationNeeded, match="zone is double, expected string; nothing was read: python -m lakehouse migrate"
    ):
        feature_types.expect_declared(categories, ("zone", "weight"), 0)
    gold_shape.migrate(categories)
    assert found(categories, "zone") == ["5", None, "1.5"] and found(categories, "weight") == [0.5] * 3
    feature_types.expect_declared(categories, ("zone", "weight"), delta_log.version(tables.features(categories)))
    # The version before is as it was: a training from it can be repeated.
    feature_types.expect_declared(numbers, ("zone",), 0)
    gold_shape.migrate(numbers)
    assert found(numbers, "zone") == [5.0, None, 1.5]


def test_a_text_that_is_no_number_stops_it_and_all_rows_stay(lakehouse_root: Path) -> None:
    categories = declared()
    write(categories, {"carrier": "17"}, {"carrier": "ant"})
    version = delta_log.version(tables.features(categories))
    with pytest.raises(MigrationRefused, match="A feature whose values are others now is declared under another name"):
        gold_shape.migrate(declared(carrier="number"))
    assert delta_log.version(tables.features(categories)) == version and found(categories, "carrier") == ["17", "ant"]
