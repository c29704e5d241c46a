"""The record of a training, read again."""

from __future__ import annotations

from pathlib import Path

from jobs.train.tracking.manifest import Manifest
from lakehouse.declaration import UseCase

OLDER = Path(__file__).with_name("record_of_an_older_release.json").read_text(encoding="utf-8")


def test_the_declaration_of_an_older_record_is_one_although_it_has_a_field_that_went() -> None:
    assert '"workers": 1' in OLDER
    use_case = UseCase.model_validate(Manifest.from_json(OLDER).use_case)
    assert (use_case.name, use_case.model.trials) == ("appointments", 8)
