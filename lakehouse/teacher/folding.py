"""Taking a journal into ``ops.calls``: what is left of runs that have ended, however they ended."""

from __future__ import annotations

from pathlib import Path

from lakehouse import settings
from lakehouse.ops import calls
from lakehouse.ops.call import SENT
from lakehouse.teacher import segments

KILLED = "its process ended before an outcome was known"


def folder_of(dataset: str) -> Path:
    """Where the journal of a dataset is: beside the tables, or, where these are in an object store, in ``NIGHTJAR_HOME``.

    There another host sees neither the journal nor that this one is calling: the calls of a dataset are made on one host.
    """
    found = settings.load()
    if "://" not in found.lakehouse_root:
        return Path(found.lakehouse_root) / ".calls" / dataset
    return found.state_root / "calls" / found.store_name / dataset


def fold_all(dataset: str, folder: Path) -> int:
    """Fold what is left of runs that have ended, in one commit; the number of lines that are none.

    Whatever is under way by it never came to an end.
    """
    files = segments.found(folder)
    left, damaged = segments.read(files)
    if left:
        ended = [call.lost(KILLED) if call.state == SENT else call for call in left.values()]
        known = calls.answers(dataset, left, columns=("request_key", "segment")).to_pylist()
        moved = [line["request_key"] for line in known if line["segment"] != files[0].stem]
        calls.fold(dataset, files[0].stem, ended, moved)
    for file in files:
        # The oldest first: should this be killed, the newer ones say what holds.
        segments.remove(file)
    return damaged
