"""An Airflow of its own for these tests: its settings are read when it is first imported, which is below."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

if "AIRFLOW_HOME" not in os.environ:
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-of-tests-")
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

# Starts like a job and does what the test says: `body` sees its arguments, and where the result goes.
FAKE_JOB = """
import json, os, sys, time
arguments, file = sys.argv[1:-2], sys.argv[-1]
assert sys.argv[-2] == "--result"
def result(**content):
    json.dump(content, open(file, "w"))
def fail(code, name, message, retryable):
    result(error=name, message=message, retryable=retryable)
    print(f"ERROR {name}: {message}", file=sys.stderr)
    sys.exit(code)
"""


@pytest.fixture
def fake_job(tmp_path, monkeypatch):
    """Put a job of the test's making in the place of ours: call it with the lines of its body."""

    def make(body):
        package = tmp_path / "jobs"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(FAKE_JOB + body)

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    # Else the child would find our own jobs first, in its working directory.
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    # And a copy of this process finds those that are imported already.
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "jobs"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setenv("SPARK_REMOTE", "sc://127.0.0.1:1")
    return make


@pytest.fixture
def parcels(monkeypatch):
    """The use case of the DAG tests, declared by itself."""
    monkeypatch.setenv("USE_CASE_ROOTS", str(ROOT / "tests" / "dags" / "use_cases"))
    from lakehouse.declaration import loader

    return loader.by_name("parcels")
