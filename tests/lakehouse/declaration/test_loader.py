"""A declaration with a mistake says which file, which field, and what was expected, and spares the others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.declaration import loader
from lakehouse.errors import BadArguments, DeclarationError

BAKERY = Path(__file__).parents[2] / "use_cases" / "bakery_sales"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bakery's folder, to be spoilt."""
    return Path(shutil.copytree(BAKERY, tmp_path / "bakery_sales"))


def declare(folder: Path, **changes: Any) -> Path:
    """Change fields, named as ``section__field``, and return the file; None takes the field away."""
    file = folder / loader.FILE
    content = yaml.safe_load(file.read_text())
    for path, value in changes.items():
        *sections, field = path.split("__")
        place = content
        for section in sections:
            place = place[int(section)] if section.isdecimal() else place[section]
        if value is None:
            del place[field]
        else:
            place[field] = value
    file.write_text(yaml.safe_dump(content))
    return file


def test_both_use_cases_of_this_project_are_right(lakehouse_root: Path) -> None:
    assert [use_case.name for use_case in loader.declared()] == ["flight_delays", "bakery_sales"]


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"label": None}, "label", "is missing"),
        (
            {"label__column": "eaten"},
            "label.column",
            "expected one of the columns of bakery_sales_counted: shop, bread",
        ),
        ({"entity__key": ["shop", "colour"]}, "entity.key", "unknown colour"),
        ({"slices": ["street"]}, "slices", "unknown street"),
        ({"split__validation": {"first": 45, "last": 25}}, "split", "they overlap"),
        (
            {"split__train": {"first": 75, "last": 41}},
            "split.train.last",
            "so 7 days of embargo are kept before validation, which starts 34 days back; expected at least 42, found 41",
        ),
        ({"split__validation": {"first": 34, "last": 24}}, "split.validation.last", "expected at least 25, found 24"),
        ({"split__holdout": {"first": 12, "last": 3}}, "split.holdout.last", "labels mature after 7 days"),
        ({"inputs__1__last": 2}, "inputs.bakery_sales_counted.last", "expected at least 7"),
        ({"gate__metric": "roc_auc"}, "gate.metric", "the metrics of a regression"),
        ({"label__at_least": 3}, "label.at_least", "leave it out"),
        ({"calendar__timezone": "Mars/Base"}, "calendar.timezone", "an IANA time zone"),
        ({"sources__0__columns__0__minimum": 3}, "sources.0.columns.0", "need a numeric column"),
        ({"sources__0__key": ["shop", "street"]}, "sources.0", "unknown street"),
        ({"colour": "red"}, "colour", "is not a field that is known here"),
        ({"model__workers": 2}, "model.workers", "is not a field that is known here; remove it, or correct its name"),
        ({"name": "Bakery Sales"}, "name", "should match pattern"),
    ],
)
def test_a_mistake_names_the_file_the_field_and_what_was_expected(
    folder: Path, changes: dict[str, Any], field: str, expected: str
) -> None:
    file = declare(folder, **changes)
    with pytest.raises(DeclarationError) as caught:
        loader.load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert field in message
    assert expected in message


def test_a_file_that_is_not_yaml_is_an_error_of_that_file(folder: Path) -> None:
    file = folder / loader.FILE
    file.write_text("name: [unclosed")
    with pytest.raises(DeclarationError, match="expected YAML"):
        loader.load(file)


def test_a_wrong_declaration_spares_the_others(folder: Path, tmp_path: Path) -> None:
    declare(folder, label=None)
    declare(Path(shutil.copytree(BAKERY, tmp_path / "cake_sales")), name="cake_sales")
    found = loader.find((tmp_path,))
    assert [item.error is None for item in found] == [False, True]


def test_two_use_cases_can_not_declare_the_same_source(folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "cake_sales"))
    declare(other, name="cake_sales")
    first, second = loader.find((tmp_path,))
    assert first.error is None
    assert "bakery_plan is already declared in" in str(second.error)


def test_an_unknown_name_lists_the_known_ones(lakehouse_root: Path) -> None:
    with pytest.raises(BadArguments, match=r"no use case 'trains'; declared are: flight_delays, bakery_sales"):
        loader.by_name("trains")
    with pytest.raises(BadArguments, match=r"no source 'tracks'; declared are: .*bakery_plan"):
        loader.by_source("tracks")


def test_a_use_case_has_its_folder_without_reading_declarations(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_case = loader.load(folder / loader.FILE)
    monkeypatch.setenv("USE_CASE_ROOTS", f"{tmp_path / 'empty'}:{tmp_path}")
    monkeypatch.setattr(loader, "load", lambda file: pytest.fail(f"{file} is read"))
    assert loader.folder(use_case) == folder
    shutil.rmtree(folder)
    with pytest.raises(
        DeclarationError, match=r"use case bakery_sales: expected use_case.yaml in a folder of that name"
    ):
        loader.folder(use_case)
