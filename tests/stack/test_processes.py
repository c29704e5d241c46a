import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from stack import processes

pytestmark = pytest.mark.process

# Starts a child that ignores SIGTERM and has left its parent's session, writes its pid, and sleeps.
PARENT = """
import pathlib, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
process = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, start_new_session=True)
process.stdout.readline()
pathlib.Path(sys.argv[1]).write_text(str(process.pid))
time.sleep(600)
"""


# Starts a child of the stack, writes its pid, and never asks what became of it.
CARELESS = """
import os, pathlib, subprocess, sys, time
process = subprocess.Popen(["sleep", "600"], env={**os.environ, sys.argv[1]: sys.argv[2]})
pathlib.Path(sys.argv[3]).write_text(str(process.pid))
time.sleep(600)
"""


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _start(state_root: Path, service: str) -> tuple[psutil.Process, int]:
    pid_file = state_root / f"{service}.pid"
    command = [sys.executable, "-c", PARENT, str(pid_file)]
    parent = processes.start(service, command, os.environ, state_root, state_root / "logs" / f"{service}.log")
    _wait(lambda: pid_file.exists() and pid_file.read_text() != "")
    return parent, int(pid_file.read_text())


def test_down_finds_a_child_whose_parent_was_killed_and_ends_it_though_it_ignores_sigterm(tmp_path):
    parent, child = _start(tmp_path, "scheduler")
    parent.send_signal(signal.SIGKILL)
    parent.wait(timeout=10)
    assert [it.pid for it in processes.marked(tmp_path)] == [child]
    assert processes.stop(lambda: processes.marked(tmp_path), grace_seconds=0.3) == 1
    assert processes.marked(tmp_path) == []
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_one_service_is_stopped_without_the_others_and_without_another_stack(tmp_path):
    roots = [tmp_path / "one", tmp_path / "two"]
    for root in roots:
        root.mkdir()
    try:
        _start(roots[0], "spark")
        mlflow, mlflow_child = _start(roots[0], "mlflow")
        other, other_child = _start(roots[1], "spark")
        assert processes.stop(lambda: processes.marked(roots[0], "spark"), grace_seconds=0.3) == 2
        assert {it.pid for it in processes.marked(roots[0])} == {mlflow.pid, mlflow_child}
        assert {it.pid for it in processes.marked(roots[1])} == {other.pid, other_child}
    finally:
        for root in roots:
            processes.stop(lambda root=root: processes.marked(root), grace_seconds=0)


def test_a_process_that_ended_is_not_waited_for_though_its_parent_never_asks_for_it(tmp_path):
    pid_file = tmp_path / "pid"
    command = [sys.executable, "-c", CARELESS, processes.STACK, str(tmp_path), str(pid_file)]
    with subprocess.Popen(command) as careless:
        try:
            _wait(lambda: pid_file.exists() and pid_file.read_text() != "")
            began = time.monotonic()
            assert processes.stop(lambda: processes.marked(tmp_path), grace_seconds=0) == 1
            assert time.monotonic() - began < 4
            assert psutil.Process(int(pid_file.read_text())).status() == psutil.STATUS_ZOMBIE
        finally:
            careless.kill()
