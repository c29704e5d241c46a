"""Locks of the operating system: they end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lakehouse import settings
from lakehouse.storage import object_store

# In the lakehouse's folder, next to the layers: all of its writers have to see the same locks.
FOLDER = ".locks"


def file_of(name: str) -> Path:
    """The lock of that name of this lakehouse: beside its tables, or, where these are in an object store, in ``NIGHTJAR_HOME``.

    There only the processes of this host meet at it.
    """
    where = settings.load()
    if not object_store.is_address(where.lakehouse_root):
        return Path(where.lakehouse_root) / FOLDER / name
    return where.state_root / "locks" / where.store_name / name


def hold(file: Path, shared: bool = False) -> IO[bytes]:
    """Wait for the lock on ``file``, and hold it until the returned file is closed or this process ends.

    Args:
        file: made when missing.
        shared: hold it together with others that share it; else alone.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = file.open("ab")
    fcntl.flock(opened, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    return opened


def hold_if_free(file: Path) -> IO[bytes] | None:
    """The same without waiting; None when another process holds the lock, or this one holds it already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = file.open("ab")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        return None
    return opened


def hold_existing_if_free(file: Path) -> IO[bytes] | None:
    """The same of a file that is there; None also when it is not, and then none is made."""
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        return None
    return opened


@contextmanager
def locked(file: Path, shared: bool = False) -> Iterator[None]:
    """Hold the lock on ``file`` for the block."""
    with hold(file, shared):
        yield


def held(file: Path) -> bool:
    """Whether a process holds the lock on ``file`` now."""
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        return False
    with opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
