"""How much processor time of a shared Spark server belongs to this run.

The server is a process of its own that works for all runs at once. Each run notes when its operations begin and end, and how many
tasks of them run, in a file that all runs of this host share. With every note, what the kernel says that the server's processes
have used since the note before is divided among the runs that have operations under way. So the parts of all runs are the whole;
a single run has all of it, and of runs that overlap each has its part by the number of its running tasks, which is an estimate.

A server on another host, or of another user, shows nothing: there the seconds of a run's tasks are noted in the place of
processor time. Likewise for the executors of a cluster, beside what its driver has used here.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lakehouse.metering import division, process_tree
from lakehouse.storage import file_locks, spark_server

log = logging.getLogger(__name__)

# How the part of a run is known.
ALONE, DIVIDED, BY_TASKS = "alone", "divided", "tasks"
# Of a note, which takes a run a millisecond.
TRIES, PAUSE_SECONDS = 20, 0.01

# Servers whose tasks run in processes of other hosts, by `spark_server.name_of`.
SPREAD: set[str] = set()


class SparkUse:
    """A run's use of one server. Nothing here raises: what can't be known is left out.

    Args:
        run: the run's id.
        server: the server, by `spark_server.name_of`.
    """

    def __init__(self, run: str, server: str) -> None:
        self._run, self._lock = run, threading.Lock()
        self._operations: dict[str, float | None] = {}
        self._tree = spark_server.tree_of(server)
        self._server = server
        self._file: Path | None = None
        if self._tree is not None:
            pid = self._tree.root
            self._file = spark_server.folder() / f"{pid}-{process_tree.began(pid)}.json"
        self._this = os.getpid(), process_tree.began(os.getpid())
        self._task_seconds, self._noted = 0.0, time.monotonic()
        self._own, self._shared = 0.0, False
        self.note()

    def began(self, operation: str) -> None:
        """An operation begins."""
        self.note(operation, None)

    def runs(self, operation: str, tasks: int) -> None:
        """Of an operation so many tasks run now."""
        if operation in self._operations:
            self.note(operation, float(tasks))

    def ended(self, operation: str) -> None:
        """An operation has ended."""
        self.note(operation, None, gone=True)

    def note(self, operation: str | None = None, tasks: float | None = None, gone: bool = False) -> None:
        """Divide what the server has used since the last note, and note what is under way from now on."""
        with self._lock:
            now = time.monotonic()
            self._task_seconds += (now - self._noted) * sum(tasks or 0.0 for tasks in self._operations.values())
            self._noted = now
            if operation is not None and gone:
                self._operations.pop(operation, None)
            elif operation is not None:
                self._operations[operation] = tasks
            try:
                self._divide(leave=False)
            except Exception as error:
                log.debug("what Spark has used is not divided: %s", error)

    def leave(self) -> None:
        """The run is done with the server."""
        self.note()
        with self._lock, suppress(Exception):
            self._operations.clear()
            self._divide(leave=True)
            self._file = None

    @property
    def elsewhere(self) -> bool:
        """Whether tasks run in processes that are not seen here."""
        return self._tree is None or self._server in SPREAD

    @property
    def seconds(self) -> float:
        """The run's part so far, in processor seconds."""
        return self._own + (self._task_seconds if self.elsewhere else 0.0)

    @property
    def known(self) -> str:
        """How that is known: ``alone``, ``divided`` among runs that overlapped, or by its ``tasks``' seconds."""
        return BY_TASKS if self.elsewhere else DIVIDED if self._shared else ALONE

    def _divide(self, leave: bool) -> None:
        if self._tree is None or self._file is None:
            return
        if (lock := _lock(self._file.with_suffix(".lock"))) is None:
            return
        with lock:
            state = _read(self._file)
            # Another run may have seen more: a process that is too new for this one's last look.
            seconds = max(self._tree.seconds(), state["seconds"])
            runs: dict[str, Any] = {
                run: known for run, known in state["runs"].items() if process_tree.began(known["pid"]) == known["began"]
            }
            since_last = seconds - state["seconds"] if state["runs"] else 0.0
            # One that was killed has its part of this time, and no more.
            parts = division.divided(since_last, {run: known["weight"] for run, known in state["runs"].items()})
            for run, known in runs.items():
                known["used"] += parts.get(run, 0.0)
                known["shared"] = known["shared"] or len(state["runs"]) > 1
            pid, began = self._this
            own = runs.setdefault(self._run, {"pid": pid, "began": began, "used": 0.0, "shared": False})
            own["weight"] = division.weight(self._operations)
            self._own, self._shared = own["used"], own["shared"]
            if leave:
                del runs[self._run]
            self._file.write_text(json.dumps({"seconds": seconds, "runs": runs}), encoding="utf-8")


def _lock(file: Path) -> IO[bytes] | None:
    """The lock on what all runs note; None where another, maybe a halted one, keeps it: the next note has all of this one."""
    for _ in range(TRIES):
        if (lock := file_locks.hold_if_free(file)) is not None:
            return lock
        time.sleep(PAUSE_SECONDS)
    return None


def _read(file: Path) -> dict[str, Any]:
    """What was noted last; nobody where there is nothing, or half a file of a run that was killed."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {"seconds": float(found["seconds"]), "runs": dict(found["runs"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"seconds": 0.0, "runs": {}}


# The run that this process is, and what it uses, by server.
_run = ""
_uses: dict[str, SparkUse] = {}
_joining = threading.Lock()


def begin(run: str) -> None:
    """From now on this process is that run."""
    global _run
    _run = run
    _uses.clear()


def at(server: str) -> SparkUse | None:
    """What the run uses of a server; None in a process that is no run."""
    if not _run:
        return None
    with _joining:
        if server not in _uses:
            _uses[server] = SparkUse(_run, server)
        return _uses[server]


def note() -> tuple[float, str] | None:
    """The run's processor seconds of all servers so far, and how they are known; None where it has joined none."""
    for use in list(_uses.values()):
        use.note()
    if not _uses:
        return None
    known = {use.known for use in _uses.values()}
    return sum(use.seconds for use in _uses.values()), next(way for way in (BY_TASKS, DIVIDED, ALONE) if way in known)


def end() -> tuple[float, str] | None:
    """The same at the run's end: it is done with the servers."""
    global _run
    found = note()
    for use in _uses.values():
        use.leave()
    begin("")
    return found
