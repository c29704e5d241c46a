"""What runs have cost, as the command line answers it: by whatever is asked for, and for a thousand predictions."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from lakehouse.__main__ import main
from lakehouse.ops import costs
from tests.recorded_runs import AT, a_run, declare_rates, leave


@pytest.fixture(autouse=True)
def recorded(lakehouse_root: Path, tmp_path: Path) -> None:
    """Three runs that score and one that builds, of 3.75 each, and one of another month."""
    lakehouse_root.mkdir()
    declare_rates(tmp_path / "use_cases")
    for version in (1, 1, 2):
        leave(a_run(model_version=version))
    leave(a_run(stage="features", predictions=0, status="failed", error="InputsMissing"))
    leave(a_run(use_case="other", started_at=AT + dt.timedelta(days=40), predictions=0))
    costs.fold()


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, object]]:
    assert main(["costs", "--json", *words]) == 0
    rows = json.loads(capsys.readouterr().out)
    return {str(next(iter(row.values()))): row for row in rows}


def test_by_use_case_with_the_whole_last(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys)
    assert list(found) == ["m", "other", "all"]
    assert (found["m"]["runs"], found["m"]["failed"], found["m"]["money"], found["m"]["per_1000_predictions"]) == (
        4, 1, 15.0, 10.0,
    )  # fmt: skip
    assert found["other"]["per_1000_predictions"] is None
    assert found["all"]["money"] == 18.75


def test_the_parts_of_a_thousand_predictions_by_stage_are_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--use-case", "m")
    assert found["score"]["per_1000_predictions"] == 7.5
    assert found["features"]["per_1000_predictions"] == 2.5
    assert found["all"]["per_1000_predictions"] == 10.0


def test_by_version_and_month(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--by", "version", "--month", "2024-06")
    assert {name: row["runs"] for name, row in found.items()} == {"1": 2, "2": 1, "None": 1, "all": 4}


@pytest.mark.parametrize("by", ["day", "source", "dataset"])
def test_by_anything_else(by: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "--by", by)["all"]["runs"] == 5


@pytest.mark.parametrize("wrong", [("--month", "2024-6"), ("--month", "x"), ("--use-case", "nobody' OR 1=1")])
def test_what_is_not_there_is_said(wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["costs", *wrong]) == 2
    assert f"error: {wrong[0]}: expected" in capsys.readouterr().err


def test_without_a_rate_card_the_money_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "use_cases/rates.yaml").unlink()
    leave(a_run(use_case="third"))
    costs.fold()
    assert main(["costs"]) == 0
    shown = capsys.readouterr()
    assert "no rate card is declared (rates.yaml): nobody knows what 1 of 6 runs cost" in shown.err
    assert "third" in shown.out
