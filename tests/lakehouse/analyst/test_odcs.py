"""A contract as an Open Data Contract Standard document, judged by the standard's own JSON schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

from lakehouse.__main__ import main
from lakehouse.analyst import odcs
from lakehouse.declaration import loader


@pytest.mark.parametrize("source", ["flight_schedule", "flight_outcomes", "weather", "planes", "bakery_plan"])
def test_every_contract_keeps_the_standard(
    lakehouse_root: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract", source]) == 0
    document = yaml.safe_load(capsys.readouterr().out)
    schema = json.loads(OpenDataContractStandard.json_schema())
    assert [error.message for error in Draft201909Validator(schema).iter_errors(document)] == []
    (table,) = document["schema"]
    assert [column["name"] for column in table["properties"]] == list(loader.by_source(source)[1].column_names)


def test_a_document_that_breaks_the_standard_is_noticed() -> None:
    schema = json.loads(OpenDataContractStandard.json_schema())
    assert list(Draft201909Validator(schema).iter_errors({"kind": "DataContract", "schema": [{"name": 3}]}))


def test_the_document_says_what_the_declaration_says(lakehouse_root: Path) -> None:
    use_case, source = loader.by_source("flight_schedule")
    document = yaml.safe_load(odcs.contract(use_case, source, "1").to_yaml())
    (table,) = document["schema"]
    columns = {column["name"]: column for column in table["properties"]}
    assert columns["flight"]["logicalTypeOptions"] == {"minimum": 1, "maximum": 9999}
    assert columns["origin"]["quality"][0]["arguments"] == {"validValues": ["EWR", "JFK", "LGA"]}
    assert columns["carrier"]["logicalTypeOptions"] == {"pattern": "^(?:[A-Z0-9]{2})$"}
    assert [name for name, column in columns.items() if column.get("primaryKey")] == [
        "carrier",
        "flight",
        "origin",
        "sched_dep_time",
    ]
    assert "required" not in columns["tailnum"] or not columns["tailnum"]["required"]
    assert "sched_dep_time % 100 < 60" in json.dumps(table["quality"])
    assert {level["property"]: level["value"] for level in document["slaProperties"]} == {"frequency": 1, "latency": 1}


@pytest.mark.parametrize(
    ("pattern", "in_ecma"),
    [
        ("[a-z]+", True),
        ("(?:ab)+$", True),
        ("(?=a)b", True),
        ("(?i)x", False),
        ("(?P<y>a)", False),
        ("a++", False),
        (r"\Ax", False),
    ],
)
def test_a_pattern_is_in_the_field_of_another_dialect_only_where_both_read_it_alike(
    lakehouse_root: Path, pattern: str, in_ecma: bool
) -> None:
    use_case, source = loader.by_source("bakery_plan")
    first = source.columns[0].model_copy(update={"pattern": pattern})
    source = source.model_copy(update={"columns": (first, *source.columns[1:])})
    document = yaml.safe_load(odcs.contract(use_case, source, "1").to_yaml())
    column = document["schema"][0]["properties"][0]
    assert column.get("logicalTypeOptions") == ({"pattern": f"^(?:{pattern})$"} if in_ecma else None)
    assert f"the whole value has the form {pattern} (Python's re.fullmatch)" in json.dumps(column["quality"]).replace(
        "\\\\", "\\"
    )
