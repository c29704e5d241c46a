"""The record of a running stack: the file in the state folder that `up` writes and `status` reads, and the lock around both."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from stack.credentials import write_private
from stack.errors import StackError
from stack.plan import Plan


@dataclass
class Record:
    """A stack that was started.

    Attributes:
        plan: its folders and ports.
        started: of every service its process id and the time of its start, in seconds since the epoch.
    """

    plan: Plan
    started: dict[str, tuple[int, float]] = field(default_factory=dict)

    @classmethod
    def read(cls, state_root: Path) -> Record | None:
        """The record of the stack at ``state_root``, or None when none was started since the last `down`."""
        file = _file(state_root)
        return _JSON.validate_json(file.read_bytes()) if file.exists() else None

    def write(self) -> None:
        """Keep the record for the next `up`, `status` or `down`."""
        write_private(_file(self.plan.state_root), _JSON.dump_json(self, indent=2).decode() + "\n")

    @staticmethod
    def forget(state_root: Path) -> None:
        """Remove the record: nothing runs any more."""
        _file(state_root).unlink(missing_ok=True)

    def add(self, name: str, process: psutil.Process) -> None:
        """Note that the service ``name`` is now ``process``."""
        self.started[name] = (process.pid, process.create_time())

    def runs(self, name: str) -> bool:
        """Whether the very process that was started as ``name`` still lives."""
        if name not in self.started:
            return False
        pid, when = self.started[name]
        try:
            process = psutil.Process(pid)
            # A process id is reused after a while; together with its start time it is unique.
            same = abs(process.create_time() - when) < 1
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def since(self, name: str) -> float:
        """When the service ``name`` was started, in seconds since the epoch."""
        return self.started[name][1]


_JSON = TypeAdapter(Record)


@contextmanager
def locked(state_root: Path, wait_seconds: float = 240) -> Iterator[None]:
    """Hold the lock of the stack at ``state_root``: of two `up` at once, the second finds everything done.

    Raises:
        StackError: another `up` or `down` held it for longer than ``wait_seconds``.
    """
    state_root.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with (state_root / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StackError(
                        f"Another up or down has been working on {state_root} for {wait_seconds:.0f} s: wait for it, "
                        "or end it and run make down."
                    ) from None
                time.sleep(0.2)
        yield


def _file(state_root: Path) -> Path:
    return state_root / "stack.json"
