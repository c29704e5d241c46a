"""Optuna's journal, written by one process at a time, which may be killed at any moment.

Optuna's own locks are files that a killed process leaves behind, which the next one breaks after thirty seconds; and a line that
was left half written makes the journal unreadable from the next one on. Here the lock of the study keeps other writers out.
"""

from __future__ import annotations

import os
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock


def storage(file: Path) -> JournalStorage:
    """Optuna's storage in the journal ``file``; to write to it, hold the lock of its study."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(file), lock_obj=_BeforeEachLine(file)))


class _BeforeEachLine(JournalFileOpenLock):
    """What happens before a line is written: in place of a lock, the journal's end is made whole."""

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal = journal

    def acquire(self) -> bool:
        """Make the journal end with a whole line."""
        heal(self._journal)
        return True

    def release(self) -> None:
        """Nothing is held."""


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
