"""A task tells its lineage by Airflow's provider, also in a copied process, and its job tells that it is the task's child."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from include.orchestration import lineage_parent
from lakehouse import settings
from tests.lineage_receiver import Receiver


def test_a_task_without_lineage_gives_its_job_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if "OPENLINEAGE" in name]:
        monkeypatch.delenv(name)
    assert lineage_parent.environment({"ti": None}) == {}
    assert "airflow.providers.openlineage.plugins.listener" not in sys.modules


def test_wrong_settings_cost_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", "{no json")
    assert lineage_parent.environment({"ti": None}) == {}


@pytest.mark.process
def test_a_copied_task_and_its_job_are_told_as_parent_and_child(tmp_path) -> None:
    receiver = Receiver()
    try:
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if "OPENLINEAGE" not in name and name != "PYTEST_VERSION"
            },
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(tmp_path / "plugins"),
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "http", "url": receiver.address}),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "tests",
            "LAKEHOUSE_ROOT": str(tmp_path / "warehouse"),
            "USE_CASE_ROOTS": str(tmp_path / "roots"),
        }
        said = subprocess.run(
            [sys.executable, "-m", "tests.include.orchestration.told_task"],
            cwd=settings.PROJECT_ROOT, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        told = json.loads(said.stdout.splitlines()[-1])
    finally:
        receiver.close()
    assert (told["exit"], told["copied"]) == (0, True), said.stderr[-3000:]
    assert receiver.wrong == []
    of_task = receiver.of("score__parcels.score")
    assert [one["eventType"] for one in of_task] == ["START", "COMPLETE"]
    of_job = receiver.of("groups")
    assert [one["eventType"] for one in of_job] == ["START", "COMPLETE"]
    parent = of_job[0]["run"]["facets"]["parent"]
    assert parent["run"]["runId"] == of_task[0]["run"]["runId"]
    assert (parent["job"]["namespace"], parent["job"]["name"]) == ("tests", "score__parcels.score")
    assert parent["root"]["job"]["name"] == "score__parcels"
    assert of_job[0]["job"]["namespace"] == "tests"
