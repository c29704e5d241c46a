"""The bakery's history from its deliveries to a declaration with calibrated limits, by the command line."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from jobs.__main__ import main
from lakehouse.declaration import loader
from tests.jobs.bakery_days import START, build, ingest, prepared
from tests.use_cases import bakery

LAST = START + dt.timedelta(days=109)
LIMITS = {
    "drift": (
        "feature_psi_floor",
        "feature_psi_factor",
        "max_drifted_share",
        "max_prediction_psi",
        "max_calibration_gap",
        "max_loss_rise",
        "violated_days",
    ),
    "gate": ("min_improvement", "max_calibration_error", "max_slice_worsening"),
}


@pytest.fixture(scope="module")
def history(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """110 days of the bakery with features, and a copy of its declaration."""
    folder = tmp_path_factory.mktemp("calibrated")
    root = folder / "use_cases"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(bakery.__file__).parent / "bakery_sales", root / "bakery_sales", ignore=ignored)
    with prepared(folder), pytest.MonkeyPatch.context() as environment:
        environment.setenv("USE_CASE_ROOTS", str(root))
        # Without a champion nobody asks a tracking server.
        environment.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        bakery.deliver(folder / "landing", START, LAST)
        ingest(START, LAST)
        build(START, LAST)
        yield folder


def calibrated(folder: Path, *more: str, day: dt.date = LAST) -> tuple[int, dict[str, Any]]:
    file = folder / "result.json"
    line = ["calibrate", "--use-case", "bakery_sales", "--partition", str(day), "--refits", "3"]
    code = main([*line, "--result", str(file), *more])
    return code, json.loads(file.read_text())


def files(folder: Path) -> dict[str, int]:
    return {
        str(file): file.stat().st_mtime_ns
        for part in ("warehouse", "state", "use_cases", "landing")
        for file in sorted((folder / part).rglob("*"))
        # What each run costs is written down, whatever the run does.
        if file.is_file() and "__pycache__" not in file.parts and not {"costs", ".locks"}.intersection(file.parts)
    }


def test_a_history_is_measured_then_written_and_then_there_is_nothing_to_do(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, file = files(history), history / "use_cases/bakery_sales/use_case.yaml"
    code, measured = calibrated(history)
    assert code == 0 and measured["status"] == "measured" and measured["written"] is None
    assert files(history) == before

    # Every limit is there, with what it stands on and how often ordinary days exceed it.
    limits = {(one["section"], one["field"]): one for one in measured["limits"]}
    assert set(limits) == {(section, field) for section, fields in LIMITS.items() for field in fields}
    assert len(measured["refits"]) == 3 and measured["last"] == str(LAST)
    assert measured["parameters"] == "the middle of each range"
    loss = limits["drift", "max_loss_rise"]
    assert loss["declared"] == 10 and 0 < loss["proposed"] < 10 and loss["proposed"] >= loss["greatest"]
    assert loss["at_proposed"]["beyond"] == 0 and loss["at_proposed"]["high"] > 0.3
    assert limits["drift", "max_calibration_gap"]["declared"] is None
    # 36 rows of a slice's fortnight are fewer than the declared 200.
    assert "min_slice_rows" in limits["gate", "max_slice_worsening"]["note"]
    assert measured["drift_proposed"]["retrainings"]["asked"] == 0
    assert measured["drift_declared"]["violated"]["measured"] >= 40
    assert measured["gate_declared"]["equals"]["measured"] == 18
    said = capsys.readouterr().out
    assert "drift.max_loss_rise" in said and "nothing is written" in said and "needless retrainings" in said

    # Written: these values, and nothing else.
    original = file.read_text()
    code, written = calibrated(history, "--write")
    assert code == 0 and written["status"] == "written" and written["written"] == str(file)
    assert written["limits"] == measured["limits"]
    use_case = loader.load(file)
    expected = yaml.safe_load(original)
    for (section, field), one in limits.items():
        if one["proposed"] is not None:
            assert getattr(getattr(use_case, section), field) == one["proposed"]
            if one["proposed"] != one["declared"]:
                expected[section][field] = one["proposed"]
    assert yaml.safe_load(file.read_text()) == expected
    assert [line for line in original.splitlines() if line not in file.read_text()] == [
        "  min_improvement: 0.0",
        "  max_loss_rise: 10",
    ]
    assert f"# calibrated on {measured['first']}..{LAST}: 0 of" in file.read_text()

    # Again: the same history gives the same limits.
    bytes_before = file.read_bytes()
    code, again = calibrated(history, "--write")
    assert code == 0 and again["status"] == "unchanged" and file.read_bytes() == bytes_before


def test_too_short_a_history_says_how_many_days_are_needed(history: Path) -> None:
    code, result = calibrated(history, day=START + dt.timedelta(days=50))
    assert code == 22 and result["error"] == "TrainingDataMissing"
    assert "expected features and labels of at least 72 days up to 2024-04-20" in result["message"]
    assert "found 51 days, 2024-03-01 to 2024-04-20" in result["message"]
    code, result = calibrated(history, "--through", str(LAST), day=LAST - dt.timedelta(days=5))
    assert code == 22 and "begin with 2024-06-13; begin earlier, or end later" in result["message"]


def test_a_declaration_that_is_not_writable_is_told_before_the_walk(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda place, mode: False)
    monkeypatch.setattr("jobs.calibrate.walk.through", lambda *_: pytest.fail("it walked"))
    code, result = calibrated(history, "--write")
    assert code == 3 and "expected to write it" in result["message"] and "without --write" in result["message"]
