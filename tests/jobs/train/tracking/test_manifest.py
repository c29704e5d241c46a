"""The record of a training, written and read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.train.split import DayRange
from jobs.train.tracking.manifest import Manifest
from lakehouse.declaration import UseCase

OLDER = Path(__file__).with_name("record_of_an_older_release.json").read_text(encoding="utf-8")


def test_a_record_of_an_older_release_is_read_to_the_last_digit() -> None:
    content, read = json.loads(OLDER), Manifest.from_json(OLDER)
    for name in ("partition", "features_version", "rows_sha256", "rounds", "outcome", "libraries", "fingerprint"):
        assert getattr(read, name) == content[name]
    assert read.params == content["params"]
    # XGBoost and Optuna tell a whole number from a float.
    assert {name: type(value) for name, value in read.params.items()} == {
        name: type(value) for name, value in content["params"].items()
    }
    assert str(read.days.holdout) == "2024-05-25..2024-05-31" and isinstance(read.days.train, DayRange)


def test_a_record_survives_its_file_unchanged_and_keeps_its_shape() -> None:
    read = Manifest.from_json(OLDER)
    assert Manifest.from_json(read.to_json()) == read
    content = json.loads(OLDER)
    del content["use_case"]["model"]["workers"]
    assert json.loads(read.to_json()) == content


def test_the_declaration_in_an_older_record_is_read_without_the_field_that_went() -> None:
    assert '"workers": 1' in OLDER
    use_case = UseCase.model_validate(Manifest.from_json(OLDER).use_case)
    assert (use_case.name, use_case.model.trials) == ("appointments", 8)


def test_what_a_later_release_adds_is_ignored_and_what_is_missing_is_named() -> None:
    content = json.loads(OLDER)
    assert Manifest.from_json(json.dumps({**content, "colour": "red"})) == Manifest.from_json(OLDER)
    del content["rounds"]
    with pytest.raises(ValueError, match="rounds"):
        Manifest.from_json(json.dumps(content))
