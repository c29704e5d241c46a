"""Optuna's journal, written by several processes of this machine of which any may be killed at any moment.

Optuna's own locks are files that a killed process leaves behind, which the next one breaks after thirty seconds; and a line that
was left half written makes the journal unreadable from the next one on.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from jobs.train.search import locks


def storage(file: Path) -> JournalStorage:
    """Optuna's storage in the journal ``file``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(file), lock_obj=_Lock(file)))


class _Lock(JournalFileOpenLock):
    """The lock under which a line is written to the journal."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal = journal
        self._held: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Wait for the lock, and see to it that the journal ends with a whole line."""
        self._held = locks.hold(self._journal.with_name(f"{self._journal.name}.lock"))
        heal(self._journal)
        return True

    def release(self) -> None:
        """Let the next one write."""
        assert self._held is not None
        self._held.close()


def heal(journal: Path) -> None:
    """Cut off a last line that was left half written: the next one would be appended to it."""
    with journal.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        if end == 0:
            return
        file.seek(end - 1)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
