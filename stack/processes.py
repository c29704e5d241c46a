"""The processes of a stack, identified by a variable in their environment.

A pid file misses children, and a process group those that left it. A variable in the environment is inherited by
every descendant and outlives every parent, so `down` finds all of them also after a crash.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import psutil

STACK = "NIGHTJAR_STACK"
SERVICE = "NIGHTJAR_SERVICE"


def start(service: str, command: list[str], environ: Mapping[str, str], state_root: Path, log: Path) -> psutil.Process:
    """Start ``command`` as ``service`` in a session of its own, away from the terminal, its output added to ``log``."""
    marked_environ = {
        **environ,
        STACK: str(state_root),
        SERVICE: service,
        # Airflow renames its processes and would overwrite the memory in which the system keeps these variables.
        "SPT_NOENV": "1",
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            env=marked_environ,
            cwd=state_root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # From here on psutil waits for it; Popen warns about a child that it did not wait for itself.
    started.returncode = 0
    return psutil.Process(started.pid)


def marked(state_root: Path, service: str | None = None) -> list[psutil.Process]:
    """Every living process of the stack at ``state_root``, or of one of its services; never this one."""
    living = []
    for process in psutil.process_iter():
        try:
            environ = process.environ()
        except (psutil.Error, OSError):
            continue  # gone, a zombie, or somebody else's
        if environ.get(STACK) != str(state_root) or process.pid == os.getpid():
            continue
        if service is None or environ.get(SERVICE) == service:
            living.append(process)
    return living


def stop(find: Callable[[], Iterable[psutil.Process]], grace_seconds: float = 10) -> int:
    """Ask the processes that ``find`` finds to end, and end those that did not after ``grace_seconds``.

    Looks again until none is found: a process that is ending may still start another. Returns how many there were.
    """
    seen: set[int] = set()
    deadline = time.monotonic() + grace_seconds
    while processes := list(find()):
        in_time = time.monotonic() < deadline
        for process in processes:
            try:
                if not in_time:
                    process.kill()
                elif process.pid not in seen:
                    process.terminate()
            except psutil.NoSuchProcess:
                continue
        seen.update(process.pid for process in processes)
        _await_end(processes, 0.5 if in_time else 5)
    return len(seen)


def _await_end(processes: list[psutil.Process], seconds: float) -> None:
    """Wait until all of ``processes`` have ended, but no longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while any(map(_lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    # Those that this process started itself leave the system's table only when it asks for them.
    psutil.wait_procs(processes, timeout=0)


def _lives(process: psutil.Process) -> bool:
    """Whether it still runs. One that has ended stays a zombie for as long as its parent does not ask for it: in a container
    whose first process never does, for ever.
    """
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
