"""A declaration with a mistake says which file, which field, and what was expected, and spares the others."""

from __future__ import annotations

import datetime as dt
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
        ({"label__is": 3}, "label.is", "leave it out"),
        ({"label__is": "many"}, "label.is", "expected a value of sold, which is double, found 'many', which is string"),
        ({"calendar__timezone": "Mars/Base"}, "calendar.timezone", "an IANA time zone"),
        ({"sources__0__columns__0__minimum": 3}, "sources.0.columns.0", "need a numeric column"),
        ({"sources__0__key": ["shop", "street"]}, "sources.0", "unknown street"),
        ({"colour": "red"}, "colour", "is not a field that is known here"),
        ({"model__workers": 2}, "model.workers", "is not a field that is known here; remove it, or correct its name"),
        ({"name": "Bakery Sales"}, "name", "should match pattern"),
        ({"calendar__nightly": "x"}, "calendar.nightly", "a cron of five fields"),
        ({"calendar__nightly": "0 1 30 2 *"}, "calendar.nightly", "never fires"),
        ({"calendar__nightly": 130}, "calendar.nightly", "found the number 130; quote it"),
        ({"calendar__start": 20240301}, "calendar.start", "a day such as 2024-03-01 is expected"),
        ({"calendar__timezone": "America"}, "calendar.timezone", "an IANA time zone"),
        ({"title": dt.date(2024, 3, 1)}, "title", "found a day, as YAML reads 2024-03-01; quote it"),
        (
            {"sources__0__columns__1__allowed": ["yes", False]},
            "columns.1.allowed",
            "found false, as YAML reads yes, no",
        ),
        ({"sources__0__columns__1__allowed": []}, "columns.1", "expected at least one value of bread, found none"),
        ({"sources__0__columns__0__allowed": ["a", "B"]}, "columns.0", "B of shop: expected the form of its pattern"),
        (
            {"sources__0__columns__0__pattern": "a{99999999999}"},
            "pattern",
            "a regular expression of Python's is expected",
        ),
        ({"sources__0__columns__2__minimum": 0.5}, "columns.2", "minimum: expected a whole number"),
        (
            {"sources__0__columns__3__minimum": 30},
            "columns.3",
            "minimum: expected at most maximum (20) in price, found 30",
        ),
        ({"sources__0__columns__3__minimum": float("nan")}, "minimum", "should be a finite number"),
        ({"sources__0__columns__3__name": "path"}, "sources.0", "path belong to the platform"),
        ({"sources__0__columns__0__nullable": True}, "sources.0", "key: shop may be null"),
        ({"sources__0__volume__of_days": 3}, "volume", "min_days: 3 days (of_days) never have 5 deliveries"),
        ({"sources__2__name": "bakery_plan_rejects"}, "sources", "declared twice: bakery_plan_rejects"),
        ({"features__0__name": "shop"}, "features", "shop is a column of entity.key too"),
        ({"features__0__name": "inputs_fingerprint"}, "features", "inputs_fingerprint belong to the platform"),
        ({"features__0__name": "slice_shop"}, "slices", "slice_shop is what a slice is called"),
        ({"label__column": "shop"}, "label.column", "shop is part of entity.key"),
        ({"label__maturity_days": 3}, "label.maturity_days", "arrives 7 days after its day"),
        ({"inputs": [{"source": "bakery_shops"}]}, "inputs", "bakery_plan is missing"),
        ({"inputs__0__first": 3, "inputs__0__last": 1}, "inputs.bakery_plan.last", "expected 0"),
        ({"model__fixed": {"max_dept": 3}}, "fixed.max_dept", "XGBoost has no such parameter"),
        ({"model__fixed": {"nthread": 3}}, "fixed.nthread", "is set by the platform"),
        ({"model__fixed": {"subsample": 1.5}}, "fixed.subsample", "a number above 0 and at most 1, found 1.5"),
        ({"model__fixed": {"eta": 0.1, "learning_rate": 0.2}}, "learning_rate", "is another name for eta"),
        (
            {"model__search": {"eta": {"low": 0.5, "high": 0.1}}},
            "search.eta",
            "expected less than high (0.1), found 0.5",
        ),
        ({"model__search": {"gamma": {"low": 0, "high": 1, "log": True}}}, "search.gamma", "above 0 with log: true"),
        ({"model__search": {"max_depth": {"low": 2, "high": 5}}}, "search.max_depth", "expected integer: true"),
        ({"model__search": {"max_depth": {"low": 2.5, "high": 5, "integer": True}}}, "max_depth", "a whole number"),
        ({"model__fixed": {"objective": "survival:cox"}}, "fixed.objective", "expected one that predicts a regression"),
        ({"model__fixed": {"monotone_constraints": "(1,0)"}}, "monotone_constraints", "for each of the 4 features"),
        ({"gate__floors": {"r2": 2}}, "gate.floors.r2", "no model has more than 1"),
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


YAML = """\
name: bakery_sales
{}
owner: x
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("owner: y", "line 3: owner: written twice, first in line 2; expected once"),
        ("a: {b: 1, b: 2}", "line 2: b: written twice, first in line 2"),
        ("a:\n  - b: 1\n    c: 2\n    b: 3", "line 5: b: written twice, first in line 3"),
        (
            "a: 1\na: 2\nb: 0130",
            "line 3: a: written twice, first in line 2; expected once; line 4: 0130 is a number in octal",
        ),
        ("no: 1", "line 2: no: expected a name, found what YAML reads as bool; quote it"),
        ("3: 1", "line 2: 3: expected a name, found what YAML reads as int"),
        ("? [a, b]\n: 1", "line 2: expected a name before the colon, found sequence"),
        ("hours: 1:30", "line 2: 1:30 is a number in sixties to YAML"),
        ("start: 2024-13-45", "line 2: 2024-13-45: expected a timestamp: month must be in 1..12"),
        ("approval:", "line 2: approval: found no value; expected one, or leave the field out"),
        ("a: &a [*a]", "line 2: an anchor that contains itself"),
        ("a: &a {<<: *a}", "line 2: an anchor that contains itself"),
        ("a: !colour red", "line 2: unknown tag !colour; expected plain values without tags"),
        ("a: !!python/name:os.system ''", "line 2: unknown tag !!python/name:os.system"),
        ("a: " + "[" * 200 + "]" * 200, "line 2: nested deeper than 100 levels"),
        ("---", "expected a single document"),
        ("a: \0", "control characters are not allowed"),
    ],
)
def test_what_yaml_lets_pass_in_silence_is_named_with_its_line(folder: Path, lines: str, expected: str) -> None:
    file = folder / loader.FILE
    file.write_text(YAML.format(lines))
    with pytest.raises(DeclarationError) as caught:
        loader.load(file)
    assert expected in str(caught.value) and str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "found an empty file"),
        (b"# nothing\n", "found an empty file"),
        (b"- a", "expected the fields of a declaration, found list"),
        (b"name: \xff", "expected text in UTF-8"),
    ],
)
def test_a_file_without_sections_is_named(folder: Path, content: bytes, expected: str) -> None:
    (folder / loader.FILE).write_bytes(content)
    with pytest.raises(DeclarationError, match=expected):
        loader.load(folder / loader.FILE)


def test_anchors_and_merge_keys_are_yaml(folder: Path) -> None:
    file = folder / loader.FILE
    text = file.read_text()
    shared = "  train: &days {first: 75, last: 42}\n  validation: {<<: *days, first: 34, last: 25}"
    changed = text.replace("  train: {first: 75, last: 42}\n  validation: {first: 34, last: 25}", shared)
    assert changed != text
    file.write_text(changed)
    assert loader.load(file).split.validation.last == 25


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
