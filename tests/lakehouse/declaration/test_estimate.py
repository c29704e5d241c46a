"""An estimate of quality before labels is declared, for probabilities alone; without it nothing is different."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from lakehouse import tables
from lakehouse.declaration import Drift, loader
from lakehouse.errors import DeclarationError
from lakehouse.settings import PROJECT_ROOT
from tests.jobs import appointments


def test_what_does_not_declare_it_is_written_as_ever(tmp_path: Path) -> None:
    plain = appointments.declare(tmp_path / "plain", drift={"window_days": 3})
    assert "estimate" not in plain.model_dump()["drift"] and "estimate" not in Drift().model_dump_json()
    estimated = appointments.declare(tmp_path / "estimated", drift={"window_days": 3, "estimate": "platt"})
    assert estimated.model_dump()["drift"]["estimate"] == "platt"
    new = {table.name for table in tables.of_use_case(estimated)} - {table.name for table in tables.of_use_case(plain)}
    assert new == {"appointments_estimates"}
    assert tables.drift(estimated).column_names == tables.drift(plain).column_names


def test_a_regression_is_told_that_it_has_no_probabilities(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PROJECT_ROOT / "tests/use_cases/bakery_sales", tmp_path / "bakery_sales"))
    file = folder / loader.FILE
    declared = yaml.safe_load(file.read_text())
    for estimate, problem in (
        ("isotonic", r"drift\.estimate: quality is estimated .* a regression has none; expected it to be left out"),
        ("spline", r"drift\.estimate: .*'platt' or 'isotonic'"),
    ):
        file.write_text(yaml.safe_dump(declared | {"drift": declared["drift"] | {"estimate": estimate}}))
        with pytest.raises(DeclarationError, match=problem):
            loader.load(file)
