"""What the record of who asked rests on: Airflow's record, the system's user, or a name that somebody typed."""

import json
import os
import pwd
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import __main__ as jobs
from jobs import actor, stages

ME = f"cli:{pwd.getpwuid(os.geteuid()).pw_name}"
TASK = "AIRFLOW_CTX_DAG_RUN_ID"


@dataclass
class Seen:
    by: str

    def as_json(self):
        return {"by": self.by}


@pytest.fixture
def by(monkeypatch, tmp_path):
    """The actor that a stage gets from a command line."""
    monkeypatch.delenv(TASK, raising=False)
    stage = stages.STAGES["retire"]
    monkeypatch.setitem(stages.STAGES, "retire", replace(stage, run=lambda arguments: Seen(arguments.actor)))

    def run(*line):
        result = tmp_path / "result.json"
        assert jobs.main(["retire", "--use-case=parcels", f"--result={result}", *line]) == 0
        return json.loads(result.read_text())["by"]

    return run


def test_a_command_line_is_recorded_as_the_systems_user(by):
    assert by() == ME


def test_a_name_that_was_typed_stands_behind_who_typed_it(by):
    assert by("--actor=airflow:boss") == f"{ME} (says: airflow:boss)"


def test_the_environments_names_of_the_user_count_for_nothing(by, monkeypatch):
    for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "boss")
    assert by() == ME


def test_a_task_of_airflows_says_who_it_is_for(by, monkeypatch):
    monkeypatch.setenv(TASK, "manual__1")
    assert by("--actor=airflow:ada") == "airflow:ada"
    assert by("--actor=airflow (scheduled)") == "airflow (scheduled)"
    assert by() == "airflow"


@given(st.text())
def test_nothing_typed_outside_airflow_is_taken_for_its_record(said):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(TASK, raising=False)
        assert actor.recorded(said).startswith("cli:")
