"""Locks of the operating system: they end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def hold(file: Path) -> IO[bytes]:
    """Wait for the lock on ``file``, and hold it until the returned file is closed or this process ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = file.open("ab")
    fcntl.flock(opened, fcntl.LOCK_EX)
    return opened


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock on ``file`` for the block."""
    with hold(file):
        yield


def held(file: Path) -> bool:
    """Whether a process holds the lock on ``file`` now."""
    if not file.exists():
        return False
    with file.open("ab") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
