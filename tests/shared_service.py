"""One Spark Connect server and one MLflow server for all processes of a test run: each starts once, and gets warm.

Whoever comes first starts the server, and whoever leaves last stops it: each holds a shared lock meanwhile, which the system
takes back from a process that dies. So that none is left when all of them were killed, another process waits for all locks to
be gone: ``python -m tests.shared_service FOLDER``.
"""

from __future__ import annotations

import fcntl
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lakehouse.settings import PROJECT_ROOT
from stack import processes
from stack.credentials import Credentials
from stack.environment import task_variables
from stack.plan import Plan
from stack.ports import Ports
from tests.services import Running


@contextmanager
def spark(folder: Path) -> Iterator[str]:
    """The address (``SPARK_REMOTE``) of a session of one's own on the Spark of ``folder``, as the jobs of a stack share one."""
    with _joined(folder, "spark") as address:
        yield f"{address};session_id={uuid.uuid4()}"


@contextmanager
def mlflow(folder: Path) -> Iterator[str]:
    """The address (``MLFLOW_TRACKING_URI``) of the MLflow server of ``folder``."""
    with _joined(folder, "mlflow") as address:
        yield address


@contextmanager
def _joined(folder: Path, service: str) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    address = folder / "address"
    with (folder / "guests").open("ab") as guests:
        with _door(folder):
            fcntl.flock(guests, fcntl.LOCK_SH)
            if not address.exists():
                _watch(folder)
                address.write_text(_start(folder, service), encoding="utf-8")
        try:
            yield address.read_text(encoding="utf-8")
        finally:
            with _door(folder):
                if _is_last(guests.fileno()):
                    _stop(folder)


@contextmanager
def _door(folder: Path) -> Iterator[None]:
    """One at a time comes or goes."""
    with (folder / "door").open("ab") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def _start(folder: Path, service: str) -> str:
    plan = replace(Plan.from_environ({}), state_root=folder, ports=Ports.free())
    server = Running(plan, service)
    server.begin()
    server.wait()
    if service == "mlflow":
        return plan.mlflow_url
    return task_variables(plan, Credentials.load_or_create(folder))["SPARK_REMOTE"].partition(";session_id=")[0]


def _watch(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.shared_service", str(folder)]
    processes.start("watch", command, {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}, folder, folder / "watch.log")


def _stop(folder: Path) -> None:
    processes.stop(
        lambda: [one for name in ("spark", "mlflow") for one in processes.marked(folder, name)], grace_seconds=3
    )
    (folder / "address").unlink(missing_ok=True)


def _is_last(guests: int) -> bool:
    try:
        fcntl.flock(guests, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    with (Path(sys.argv[1]) / "guests").open("ab") as watched:
        fcntl.flock(watched, fcntl.LOCK_EX)
        _stop(Path(sys.argv[1]))
