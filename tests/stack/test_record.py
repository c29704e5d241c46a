import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stack.errors import StackError
from stack.plan import Plan
from stack.ports import Ports
from stack.record import Record, locked


def _plan(state_root):
    return Plan(state_root, Ports(airflow=8081), "/warehouse", "/landing", "/include")


def test_a_record_read_back_is_the_record_that_was_written(tmp_path):
    record = Record(_plan(tmp_path))
    record.add("spark", psutil.Process())
    record.write()
    assert Record.read(tmp_path) == record
    assert record.runs("spark")
    Record.forget(tmp_path)
    assert Record.read(tmp_path) is None


def test_the_record_of_an_older_release_is_read(tmp_path):
    (tmp_path / "stack.json").write_text(
        '{"plan": {"state_root": "/state", "ports": {"airflow": 8081, "mlflow": 5000, "spark_connect": 15002, "spark_ui": '
        '4040}, "lakehouse_root": "/warehouse", "landing_root": "/landing", "use_case_roots": "/include"}, '
        '"started": {"spark": [4711, 1700000000.25]}}'
    )
    assert Record.read(tmp_path) == Record(_plan(Path("/state")), {"spark": (4711, 1700000000.25)})


def test_a_process_id_given_away_again_is_not_our_service(tmp_path):
    me = psutil.Process()
    record = Record(_plan(tmp_path), {"spark": (me.pid, me.create_time() - 60)})
    assert not record.runs("spark")


@pytest.mark.process
def test_a_dead_service_does_not_run_though_its_parent_has_not_looked_yet(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    record = Record(_plan(tmp_path))
    record.add("mlflow", psutil.Process(child.pid))
    assert record.runs("mlflow")
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert not record.runs("mlflow")
    child.wait()
    assert not record.runs("mlflow")


def test_of_two_at_once_the_second_waits_and_then_says_what_it_waited_for(tmp_path):
    with (
        locked(tmp_path),
        pytest.raises(StackError, match="Another up or down has been working"),
        locked(tmp_path, wait_seconds=0.3),
    ):
        pass
    with locked(tmp_path, wait_seconds=0):
        pass
