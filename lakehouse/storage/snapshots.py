"""Tables as this process has opened them: opened again when their logs have changed, and not at each question.

A job asks the same log a dozen times, and each opening reads all of its entries since the last checkpoint. Whether there is a newer
version is seen by looking for its entry (`log_tail.is_newest`); a table that was removed and made again is another one. What is
handed out is at one version and stays there, for readers: what changes a table opens it anew (`delta_log.open_anew`), and may leave
it here when its commit is done. What Arrow knows of the files is made once too: that takes longer than reading the rows of a day.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from deltalake import DeltaTable
from pyarrow import dataset

from lakehouse.storage import log_tail
from lakehouse.storage.log_tail import Mark

# So many tables: a job of a night reads about ten.
MOST_KEPT = 32

# Files of a table whose rows Arrow is told once: each keeps what was read of it.
MOST_FILES = 2000


@dataclass
class _Kept:
    """A table, and its rows as Arrow knows them, if somebody has read some."""

    mark: Mark
    table: DeltaTable
    rows: dataset.Dataset | None = None


_KEPT: OrderedDict[str, _Kept] = OrderedDict()
_LOCK = threading.Lock()


def at(place: str, version: int | None, open_anew: Callable[[], DeltaTable]) -> DeltaTable:
    """The table at its newest version, or at another.

    Args:
        place: a folder or an address.
        version: None for the newest.
        open_anew: opens it there.
    """
    with _LOCK:
        kept = _KEPT.get(place)
    if kept is not None and version in (None, kept.mark.version):
        check = log_tail.is_newest if version is None else log_tail.is_there
        if _holds(check, place, kept.mark):
            return kept.table
    opened = open_anew()
    if version is None:
        keep(place, opened)
    return opened


def rows_of(place: str, table: DeltaTable, made: Callable[[], dataset.Dataset]) -> dataset.Dataset:
    """The rows of a table that `at` has handed out, as Arrow knows them; of another table they are made at each question.

    Args:
        place: of the table.
        table: as it was handed out.
        made: makes them.
    """
    with _LOCK:
        kept = _KEPT.get(place)
    if kept is None or kept.table is not table:
        return made()
    if kept.rows is None:
        rows = made()
        if not isinstance(rows, dataset.FileSystemDataset) or len(rows.files) > MOST_FILES:
            return rows
        kept.rows = rows
    return kept.rows


def is_kept(place: str) -> bool:
    """Whether the table is there, as far as that is known without looking for its log."""
    with _LOCK:
        kept = _KEPT.get(place)
    return kept is not None and _holds(log_tail.is_there, place, kept.mark)


def _holds(check: Callable[[str, Mark], bool], place: str, mark: Mark) -> bool:
    # A store's refusal of a look has no body, and so no reason: the opening that follows has one.
    with suppress(OSError):
        return check(place, mark)
    return False


def keep(place: str, opened: DeltaTable) -> None:
    """Hand this table out from now on, until its log has a newer version: nobody changes it any more."""
    mark = None
    with suppress(OSError):
        mark = log_tail.mark(place, opened.version())
    if mark is None or not mark.size:
        # A store that does not answer; or the entry was cleaned away, and a checkpoint tells it: nothing to know the table by.
        return
    with _LOCK:
        _KEPT[place] = _Kept(mark, opened)
        _KEPT.move_to_end(place)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
