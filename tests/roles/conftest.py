"""Airflow's API server answers once for all tests of this folder: each call of the table, and each route that there is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT_ROOT
from tests.jobs import notes
from tests.roles import calls

DECLARED = """
deliver:
  - {name: desk, sql: {connection: desk, table: late_parcels}, only_decided: true}
fallback: [{base_rate: true}]
fallback_at: "06:45"
"""


@pytest.fixture(scope="session")
def answered(tmp_path_factory):
    """What the server said: DAGs, the answers to `calls.all_calls`, the status of each route for each user."""
    folder = tmp_path_factory.mktemp("roles")
    roots = folder / "roots"
    shutil.copytree(PROJECT_ROOT / "tests" / "dags" / "use_cases" / "parcels", roots / "parcels")
    declaration = roots / "parcels" / "use_case.yaml"
    approval = "min_improvement: 0.001, approval: {hours: 2}"
    declaration.write_text(declaration.read_text().replace("min_improvement: 0.001", approval) + DECLARED)
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setenv("NIGHTJAR_HOME", str(folder / "state"))
        notes.declare(roots, patched, gate={"approval": {"hours": 3}}, publish={"when": "assembled"})
    asked, said = folder / "calls.json", folder / "answers.json"
    asked.write_text(json.dumps([[call.user, call.method, call.path, call.body] for call in calls.all_calls()]))
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(PROJECT_ROOT),
        "NIGHTJAR_HOME": str(folder / "state"),
        "USE_CASE_ROOTS": str(roots),
    }
    command = [sys.executable, "-m", "tests.roles.airflow_server", str(asked), str(said)]
    done = subprocess.run(command, env=environ, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(Path(said).read_text())
