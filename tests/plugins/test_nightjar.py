"""The scheduler finds the mapper and the timetable by their import path among what plugins register."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, sys
from airflow import plugins_manager as manager
found = [*manager.get_partition_mapper_plugins(), *manager.get_timetables_plugins()]
(page,), _ = manager.get_fastapi_plugins()
(view,), _ = manager._get_ui_plugins()
loaded = [name for name in ("include.status_page.app", "deltalake", "pyarrow", "fastapi") if name in sys.modules]
print(json.dumps([found, page["url_prefix"], view["href"], view["destination"], loaded]), file=sys.__stdout__)
"""


@pytest.mark.process
def test_airflow_loads_the_plugin_and_what_it_registers(tmp_path):
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found, prefix, href, destination, loaded = json.loads(done.stdout.splitlines()[-1])
    assert found == [
        "include.orchestration.day_shift.DayShiftMapper",
        "include.orchestration.nightly.NightlyTimetable",
    ]
    # The page's address is relative, and nothing of it is imported before somebody opens it.
    assert (prefix, href, destination) == ("/nightjar", "nightjar/", "nav")
    assert loaded == []
