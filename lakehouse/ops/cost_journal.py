"""The journal of what runs cost, on the host that they run on: a small file a run, until it is in ``ops.costs``.

A run that lives holds the lock on its file, and writes into it now and then what it has used so far. The system takes the lock back
however the run ends: a file that nobody holds is of a run that was killed, and says what it had used a moment before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from lakehouse import settings
from lakehouse.ops.run_cost import RunCost
from lakehouse.storage import file_locks

OPEN, ENDED = ".open", ".json"
RECORDING = "recording"


def folder() -> Path:
    """Where this host keeps it, for this lakehouse."""
    where = settings.load()
    return where.state_root / "costs" / where.store_name


class OpenRun:
    """The file of a run that lives.

    Raises:
        OSError: when it can't be written.
    """

    def __init__(self, run_id: str) -> None:
        self._place = folder() / f"{run_id}{OPEN}"
        self._lock, self._write = _made(self._place)

    def write(self, used: RunCost) -> None:
        """What the run has used so far."""
        # In one write, which a kill does not divide. What is left of a longer line is blank.
        size = os.fstat(self._write).st_size
        os.pwrite(self._write, json.dumps(used.as_json()).encode().ljust(size), 0)

    def end(self, used: RunCost) -> None:
        """What it has used in all."""
        whole = self._place.with_suffix(ENDED)
        draft = whole.with_suffix(".part")
        draft.write_text(json.dumps(used.as_json()), encoding="utf-8")
        draft.replace(whole)
        self.leave()

    def leave(self) -> None:
        """Forget the file."""
        self._place.unlink(missing_ok=True)
        os.close(self._write)
        self._lock.close()


def ended() -> Iterator[tuple[Path, RunCost]]:
    """The runs that have ended, each with its file; those that were killed as they were last seen."""
    for file in sorted(folder().glob(f"*{ENDED}")):
        if (used := _read(file)) is not None:
            yield file, used
        else:
            # Not of this code, nor of a kill: somebody may want to see it.
            file.replace(file.with_suffix(".broken"))
    for file in sorted(folder().glob(f"*{OPEN}")):
        lock = file_locks.hold_existing_if_free(file)
        if lock is None:
            continue
        # Held meanwhile: a run that has made its file this moment waits, and finds that it is gone.
        with lock:
            if (used := _read(file)) is None:
                # It was killed before it had said anything.
                file.unlink(missing_ok=True)
        if used is not None:
            yield file, used


def waiting() -> bool:
    """Whether a run that has ended by itself is in the journal."""
    return next(folder().glob(f"*{ENDED}"), None) is not None


def recording() -> float:
    """How much processor time the last recording on this host took; 0 before the first."""
    with suppress(OSError, ValueError):
        return float((folder() / RECORDING).read_text(encoding="ascii"))
    return 0.0


def recorded(seconds: float) -> None:
    """A recording took so much."""
    (folder() / RECORDING).write_text(f"{seconds:.4f}", encoding="ascii")


def _made(place: Path) -> tuple[IO[bytes], int]:
    """The lock on a file of one's own, and the file for writing.

    Between its making and its lock another run may take it for one that was killed, and remove it: then it is made again.
    """
    while True:
        lock = file_locks.hold(place)
        # The lock's own file is open for appending, which writes at its end wherever it is told to.
        with suppress(FileNotFoundError):
            opened = os.open(place, os.O_WRONLY)
            if os.path.sameopenfile(opened, lock.fileno()):
                return lock, opened
            os.close(opened)
        lock.close()


def _read(file: Path) -> RunCost | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        return RunCost.of_json(json.loads(file.read_text(encoding="utf-8")))
    return None
