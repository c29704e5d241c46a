"""The jobs' command line refuses what makes no sense, and always leaves a result."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from jobs import stages
from jobs.__main__ import main
from jobs.arguments import Days
from jobs.command_line import parse
from lakehouse.errors import BadArguments


def test_a_range_is_all_its_days() -> None:
    arguments = parse(["features", "--use-case", "u", "--partition", "2024-02-28", "--through", "2024-03-01"]).arguments
    assert isinstance(arguments, Days) and arguments.days == [
        dt.date(2024, 2, 28),
        dt.date(2024, 2, 29),
        dt.date(2024, 3, 1),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", "required: stage"),
        ("bake --partition 2024-01-01", "invalid choice: 'bake'"),
        ("features --partition 2024-01-01", "required: --use-case"),
        ("ingest --source s", "required: --partition"),
        ("ingest --source s --partition 2024-02-30", "expected a day as YYYY-MM-DD, found '2024-02-30'"),
        ("ingest --source s --partition ../2024-02-01", "expected a day as YYYY-MM-DD, found '../2024-02-01'"),
        ("ingest --source s --partition 20240201", "expected a day as YYYY-MM-DD, found '20240201'"),
        ("score --use-case u --partition 2024-01-02 --through 2024-01-01", "lies before"),
        ("score --use-case u --partition 2024-01-02 --model-version two", "expected a model version such as 3"),
        ("train --use-case u", "expected --use-case and --partition, or --like"),
        ("train --partition 2024-01-02", "expected --use-case and --partition, or --like"),
        ("train --like ../../etc", "expected a run's id of 32 letters and digits, found '../../etc'"),
        (f"train --like {'a' * 32} --partition 2024-01-02", "expected --like or --partition, found both"),
        ("train --use-case u --partition 2024-01-02 --through 2024-01-03", "unrecognized arguments: --through"),
        ("stale --use-case u --through 2024-01-03", "needs --partition"),
        ("calibrate --use-case u --partition 2024-01-02 --rate 2", "expected a share from 0.0001 to 0.5"),
        (
            "calibrate --use-case u --partition 2024-01-02 --refits 0",
            "expected a whole number from 1 to 200, found '0'",
        ),
        ("score --use-case u --partition 2013-02-30", "see python -m jobs score --help$"),
    ],
)
def test_wrong_arguments_say_what_was_expected(line: str, expected: str) -> None:
    with pytest.raises(BadArguments, match=expected):
        parse(line.split())


def test_a_failure_is_an_exit_code_a_last_line_and_a_result(
    lakehouse_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "result.json"
    code = main(["ingest", "--source", "tracks", "--partition", "2024-01-01", "--result", str(file)])
    assert code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("ERROR BadArguments: there is no source 'tracks'")
    result = json.loads(file.read_text())
    assert (result["error"], result["retryable"]) == ("BadArguments", False)


def test_what_a_python_worker_of_spark_died_of_is_in_the_last_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "An exception was thrown from the Python worker:\nTraceback (most recent call last):\n  File x\n"

    def died(arguments: object) -> NoReturn:
        raise RuntimeError(f"{said}ModuleNotFoundError: No module named 'pyarrow'\n")

    monkeypatch.setitem(stages.STAGES, "ingest", replace(stages.STAGES["ingest"], run=died))
    assert main(["ingest", "--source", "tracks", "--partition", "2024-01-01"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("worker: ModuleNotFoundError: No module named 'pyarrow'")


def test_a_missing_delivery_may_be_retried(lakehouse_root: Path, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    assert main(["ingest", "--source", "bakery_plan", "--partition", "2024-03-01", "--result", str(file)]) == 10
    assert json.loads(file.read_text())["retryable"] is True


@pytest.mark.parametrize(
    "said",
    [
        "[INVALID_HANDLE.SESSION_CHANGED] The existing Spark server driver instance has restarted. Please reconnect.",
        "Received incorrect server side session identifier for request. Please create a new Spark Session to reconnect.",
        "[NO_ACTIVE_SESSION] No active Spark session found. Please create a new Spark session before running the code.",
    ],
)
def test_a_spark_server_that_was_restarted_has_a_name_of_its_own(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def restarted(_: object) -> NoReturn:
        raise RuntimeError(said)

    monkeypatch.setitem(stages.STAGES, "maintain", replace(stages.STAGES["maintain"], run=restarted))
    file = tmp_path / "result.json"
    assert main(["maintain", "--result", str(file)]) == 31
    assert json.loads(file.read_text())["retryable"] is True
    complained = capsys.readouterr().err
    assert "ERROR ServiceUnavailable: Spark: expected the server that this job started with" in complained
    assert "Traceback" not in complained


@pytest.mark.parametrize("name", ["../weather", "weather/../planes", "weather;--", "", "weather\0"])
def test_a_name_that_is_no_declared_source_reaches_no_path(
    lakehouse_root: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["ingest", "--source", name, "--partition", "2024-03-01"]) == 2
    assert "there is no source" in capsys.readouterr().err
    assert not lakehouse_root.exists()


def test_an_option_that_is_left_out_is_not_held_against_its_type(tmp_path: Path) -> None:
    assert parse(["erase", "--replay"]).arguments.replay is True
    with pytest.raises(BadArguments, match="expected --reason, for the record of erasures"):
        parse(["erase", "--source", "s", "--key", "k"])
    file = tmp_path / "reason"
    file.write_text("asked by letter\n")
    assert (
        parse(["erase", "--source", "s", "--key", "k", f"--reason-file={file}"]).arguments.reason == "asked by letter"
    )
    for wrong, expected in (
        (tmp_path / "none", "a text file with the reason"),
        (tmp_path, "a text file with the reason"),
    ):
        with pytest.raises(BadArguments, match=f"--reason-file .*{expected}"):
            parse(["erase", "--source", "s", "--key", "k", f"--reason-file={wrong}"])
    file.write_text("\n")
    with pytest.raises(BadArguments, match="--reason-file: expected 1 to 1000 printable characters"):
        parse(["erase", "--source", "s", "--key", "k", f"--reason-file={file}"])
