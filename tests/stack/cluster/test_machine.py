from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from lakehouse.settings import PROJECT_ROOT
from stack.cluster.machine import Machine

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None,
        reason="namespaces need Linux, root and util-linux",
    ),
]

SECONDS = 30

LOOK = """
import os, socket
def writes(place):
    try:
        open(place + "/mine", "w").write("here")
        return True
    except OSError:
        return False
print(socket.gethostname(), os.getppid(), os.getcwd(), flush=True)
print([writes(place) for place in ("/srv", "/tmp", PROJECT, "/usr", "/etc")], flush=True)
print(os.path.exists(OTHER), flush=True)
"""
# Leaves a child behind, which outlives the service.
KILLED = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "1000"])
print("began", flush=True)
time.sleep(1000)
"""


@contextmanager
def host(root: Path, script: str, once: bool, megabytes: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """A host that runs a script; all of it is ended afterwards."""
    home = root / "hosts" / "one"
    home.mkdir(parents=True)
    command = [sys.executable, "-c", script]
    machine = Machine("one", command, once, str(home), [str(root)], str(PROJECT_ROOT), megabytes)
    inside = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"]
    environ = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    started = subprocess.Popen(
        [*inside, sys.executable, "-m", "stack.cluster.machine", machine.text()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait(SECONDS)


def lines(started: subprocess.Popen[str], count: int) -> list[str]:
    assert started.stdout is not None
    return [started.stdout.readline().strip() for _ in range(count)]


def test_a_host_has_a_name_and_processes_of_its_own_and_writes_into_its_own_folder_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    script = LOOK.replace("PROJECT", repr(str(PROJECT_ROOT))).replace("OTHER", repr(str(other)))
    with host(tmp_path, script, once=True) as started:
        said = lines(started, 3)
        assert started.wait(SECONDS) == 0
    assert said == ["one 1 /srv", "[True, True, False, False, False]", "False"]
    assert (tmp_path / "hosts" / "one" / "mine").read_text() == "here"
    assert not (PROJECT_ROOT / "mine").exists()


def test_a_service_that_is_killed_begins_again_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    with host(tmp_path, KILLED, once=False) as started:
        assert lines(started, 1) == ["began"]
        (keeper,) = psutil.Process(started.pid).children()
        (service,) = keeper.children()
        left = service.children()
        service.kill()
        assert lines(started, 2)[1] == "began"
        assert left
        assert not any(process.is_running() for process in left)


def test_a_small_disk_is_full_when_it_is_full(tmp_path: Path) -> None:
    script = (
        "try:\n    open('/srv/all', 'wb').write(bytes(3 << 20))\n    print('fits')\n"
        "except OSError as error:\n    print(error.errno)"
    )
    with host(tmp_path, script, once=True, megabytes=2) as started:
        assert lines(started, 1) == ["28"]
        assert started.wait(SECONDS) == 0


def test_a_host_that_is_told_to_end_ends_with_all_that_runs_on_it(tmp_path: Path) -> None:
    with host(tmp_path, KILLED, once=False) as started:
        assert lines(started, 1) == ["began"]
        (keeper,) = psutil.Process(started.pid).children()
        everything = keeper.children(recursive=True)
        keeper.terminate()
        started.wait(SECONDS)
        deadline = time.monotonic() + SECONDS
        while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in everything):
            assert time.monotonic() < deadline
            time.sleep(0.05)
