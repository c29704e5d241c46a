"""Tables as this process has opened them: opened again when their logs have changed, and not at each question.

A job asks the same log a dozen times, and each opening reads all of its entries since the last checkpoint. Whether there is a newer
version is seen by looking for its entry (`log_tail.is_newest`); a table that was removed and made again is another one. What is
handed out is at one version and stays there, for readers: what changes a table opens it anew (`delta_log.open_anew`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from deltalake import DeltaTable

from lakehouse.storage import log_tail
from lakehouse.storage.log_tail import Mark

# So many tables: a job of a night reads about ten.
MOST_KEPT = 32

_KEPT: OrderedDict[str, tuple[Mark, DeltaTable]] = OrderedDict()
_LOCK = threading.Lock()


def at(place: str, version: int | None, open_anew: Callable[[], DeltaTable]) -> DeltaTable:
    """The table at its newest version, or at another.

    Args:
        place: a folder or an address.
        version: None for the newest.
        open_anew: opens it there.
    """
    with _LOCK:
        mark, kept = _KEPT.get(place, (None, None))
    if mark is not None and kept is not None and version in (None, mark.version):
        check = log_tail.is_newest if version is None else log_tail.is_there
        if _holds(check, place, mark):
            return kept
    opened = open_anew()
    if version is None:
        _keep(place, opened)
    return opened


def is_kept(place: str) -> bool:
    """Whether the table is there, as far as that is known without looking for its log."""
    with _LOCK:
        mark, _ = _KEPT.get(place, (None, None))
    return mark is not None and _holds(log_tail.is_there, place, mark)


def _holds(check: Callable[[str, Mark], bool], place: str, mark: Mark) -> bool:
    # A store's refusal of a look has no body, and so no reason: the opening that follows has one.
    with suppress(OSError):
        return check(place, mark)
    return False


def _keep(place: str, opened: DeltaTable) -> None:
    mark = None
    with suppress(OSError):
        mark = log_tail.mark(place, opened.version())
    if mark is None or not mark.size:
        # A store that does not answer; or the entry was cleaned away, and a checkpoint tells it: nothing to know the table by.
        return
    with _LOCK:
        _KEPT[place] = mark, opened
        _KEPT.move_to_end(place)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
