"""A label is made of a column of numbers, or of one that is a value."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.declaration import loader
from lakehouse.errors import DeclarationError
from tests.lakehouse.declaration.test_loader import BAKERY, declare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bakery's folder, to be changed."""
    return Path(shutil.copytree(BAKERY, tmp_path / "bakery_sales"))


CLASSIFICATION = {
    "model": {"task": "classification"},
    "gate": {"metric": "log_loss", "min_improvement": 0.0},
    "drift": {},
}


@pytest.mark.parametrize(
    ("column", "yes", "expected"),
    [
        ({"type": "string"}, "yes", None),
        ({"type": "string", "allowed": ["yes", "no"]}, "no", None),
        ({"type": "boolean"}, False, None),
        ({"type": "int"}, 3, None),
        ({"type": "long"}, -(2**63), None),
        ({"type": "string", "allowed": ["yes", "no"]}, "Yes", "one of the values that fate may have (yes, no), found 'Yes'"),
        ({"type": "string"}, True, "a value of fate, which is string, found True, which is boolean"),
        ({"type": "boolean"}, "true", "a value of fate, which is boolean, found 'true', which is string"),
        ({"type": "boolean"}, 1, "a value of fate, which is boolean, found 1, which is int"),
        ({"type": "double"}, 1, "a value of fate, which is double, found 1, which is int"),
        ({"type": "long"}, 2**63, "a whole number of 64 bits"),
        ({"type": "string"}, None, "a text becomes a label by is: and the value"),
    ],
)  # fmt: skip
def test_a_column_of_text_or_truth_is_a_label_by_its_value(
    folder: Path, column: dict[str, Any], yes: Any, expected: str | None
) -> None:
    content = yaml.safe_load((folder / loader.FILE).read_text())
    content["sources"][1]["columns"].append({"name": "fate", **column})
    said = {} if yes is None else {"is": yes}
    content["label"] = {"source": "bakery_sales_counted", "column": "fate", "maturity_days": 7, **said}
    (folder / loader.FILE).write_text(yaml.safe_dump({**content, **CLASSIFICATION}))
    if expected is None:
        label = loader.load(folder / loader.FILE).label
        assert label.binary and label.is_value == yes and type(label.is_value) is type(yes)
        return
    with pytest.raises(DeclarationError) as caught:
        loader.load(folder / loader.FILE)
    assert expected in str(caught.value)


def test_a_label_says_what_a_yes_is_once(folder: Path) -> None:
    file = declare(folder, label__at_least=3, label__is=3, **CLASSIFICATION)
    with pytest.raises(DeclarationError, match="label: at_least and is both say what a yes is"):
        loader.load(file)


def test_a_label_that_is_declared_as_ever_has_the_digest_that_it_had(folder: Path) -> None:
    said = loader.load(folder / loader.FILE).label.model_dump_json()
    assert said == '{"source":"bakery_sales_counted","column":"sold","at_least":null,"maturity_days":7}'
