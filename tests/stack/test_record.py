import subprocess
import sys

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
