import json
import subprocess
import sys
from pathlib import Path

import pytest

from stack.credentials import Credentials
from stack.environment import environment, write_env_file
from stack.plan import Plan
from stack.ports import Ports

AWKWARD = 'it\'s $HOME `here` & "there"'


def _plan(state_root: Path) -> Plan:
    return Plan(state_root, Ports(), f"/data/{AWKWARD}", "/landing", "/a/include:/b/include")


@pytest.mark.process
def test_sourcing_env_sh_gives_every_value_exactly_as_it_was(tmp_path):
    plan = _plan(tmp_path / AWKWARD)
    credentials = Credentials.load_or_create(plan.state_root)
    write_env_file(plan, credentials)
    script = '. "$1"; exec python -c "import json, os, sys; print(json.dumps([sys.prefix, dict(os.environ)]))"'
    answer = subprocess.run(
        ["bash", "-c", script, "bash", str(plan.env_file)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    prefix, exported = json.loads(answer.stdout)
    assert prefix == sys.prefix
    assert exported["LAKEHOUSE_ROOT"] == f"/data/{AWKWARD}"
    assert exported["NIGHTJAR_HOME"] == str(plan.state_root)
    assert exported["USE_CASE_ROOTS"] == "/a/include:/b/include"
    expected = f"sc://127.0.0.1:15002/;user_id=nightjar;session_id={credentials.spark_session_id}"
    assert exported["SPARK_REMOTE"] == expected
    # The mark by which `down` finds the stack's processes must not be on a user's shell.
    assert not [name for name in exported if name in ("NIGHTJAR_STACK", "NIGHTJAR_SERVICE")]


def test_secrets_are_made_once_and_are_their_owners_alone(tmp_path):
    first = Credentials.load_or_create(tmp_path)
    assert Credentials.load_or_create(tmp_path) == first
    assert (tmp_path / "credentials.json").stat().st_mode & 0o077 == 0


def test_the_environment_leaves_another_spark_behind_and_finds_its_own_programs_first(tmp_path):
    base = {"PATH": "/usr/bin", "SPARK_HOME": "/opt/spark", "AIRFLOW_CONN_MONGO_DEFAULT": "mongodb://x"}
    made = environment(_plan(tmp_path), Credentials.load_or_create(tmp_path), base)
    assert "SPARK_HOME" not in made
    assert made["AIRFLOW_CONN_MONGO_DEFAULT"] == "mongodb://x"
    assert made["PATH"].split(":")[0] == str(Path(sys.prefix) / "bin")
    assert made["PYSPARK_PYTHON"] == sys.executable
