"""What a declaration's file says is what YAML says, unless it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lakehouse.declaration import yaml_file
from lakehouse.errors import DeclarationError

FILE = Path("use_case.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2.5, yes, null, ~, 2024-01-01, 2024-01-01T10:00:00Z, '1', .5e+3]",
        "a: &days {first: 1, last: [2]}\nb: {<<: *days, last: 3}\nc: *days",
        "a: {<<: [{x: 1}, {x: 2, y: 3}], y: 4}",
        "a: !!str 5\nb: !!int '7'\nc: !!float 1\n'd': \"x\"",
        "a: |\n  one\n  two\nb: >\n  one\n  two\nc: {}\nd: []",
    ],
)
def test_values_are_those_of_yaml(text: str) -> None:
    assert yaml_file.content(FILE, text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: !!str {b: 1}", "a: !!map [1]", "a: !!seq {b: 1}", "a: !!int [1]", "a: {<<: 5}"])
def test_a_tag_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match=r"use_case.yaml: "):
        yaml_file.content(FILE, text)
