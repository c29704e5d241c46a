"""What a table's log says, kept until the table changes: for readers that ask again and again.

Whether the table has changed is seen without opening it, by its log's entries. Where they tell plainly what has changed
(`lakehouse.storage.log_tail`), what is kept follows them; else it is made again. It is bounded: so many answers, of tables the
newest days alone. Of what follows, a copy on disk outlives the process where `lakehouse.storage.kept_on_disk` has a place.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from deltalake import DeltaTable

from lakehouse.storage import day_index, day_index_text, delta_log, kept_on_disk, log_tail
from lakehouse.storage.day_index import DayIndex
from lakehouse.storage.log_tail import Mark, Tail
from lakehouse.tables import Table

# So many answers are kept, of all tables together.
MOST_KEPT = 2000

Made = TypeVar("Made")


@dataclass(frozen=True)
class Following(Generic[Made]):
    """How something that is made of a table is kept up with it.

    Attributes:
        what: a name for it, which with the table identifies it.
        make: makes it from the opened table.
        follow: makes the next from the last and the commits since; None where it can't.
        to_text: writes it as what JSON can say.
        of_text: reads that again; raises where it is not what ``to_text`` writes.
    """

    what: str
    make: Callable[[DeltaTable], Made]
    follow: Callable[[Made, Tail], Made | None]
    to_text: Callable[[Made], Any]
    of_text: Callable[[Any], Made]


def of(table: Table) -> DayIndex | None:
    """The index of a table that is partitioned by ``partition``; None of one that does not exist.

    Raises:
        Exception: as delta-rs does of a log that can't be read.
    """
    return followed(
        table,
        Following(
            "days",
            lambda opened: day_index.of_opened(table, opened),
            lambda last, tail: last.after(tail.commits),
            day_index_text.written,
            lambda said: day_index_text.read(table, said),
        ),
    )


def followed(table: Table, how: Following[Made]) -> Made | None:
    """What is made of the table as it is now, from what was made of it before where that is enough; None without the table.

    Args:
        table: whose.
        how: how it is made, and kept up with the table.
    """
    location = delta_log.location(table)
    key = (location, how.what)
    known = _known(key)
    before: Made | None = None
    if known is not None:
        before = cast("Made", known[1])
    else:
        known = _on_disk(location, how)
        before = None if known is None else cast("Made", known[1])
    if known is not None and before is not None:
        tail = log_tail.since(location, known[0])
        if tail is not None:
            made = how.follow(before, tail) if tail.commits else before
            if made is not None:
                _keep(key, tail.mark, made)
                if tail.commits:
                    _to_disk(location, how, tail.mark, made)
                return made
    opened = _opened(table, key)
    if opened is None:
        return None
    made, mark = how.make(opened), log_tail.mark(location, opened.version())
    _keep(key, mark, made)
    _to_disk(location, how, mark, made)
    return made


def kept(table: Table, what: str, make: Callable[[DeltaTable], Made]) -> Made | None:
    """What is made of the table as it is now: made again when the table has changed, else as it was; None without the table.

    Args:
        table: whose.
        what: a name for what is made, which with the table identifies it.
        make: makes it from the opened table.
    """
    key = (delta_log.location(table), what)
    known = _known(key)
    if known is not None and log_tail.is_newest(key[0], known[0]):
        return cast("Made", known[1])
    opened = _opened(table, key)
    if opened is None:
        return None
    made = make(opened)
    _keep(key, log_tail.mark(key[0], opened.version()), made)
    return made


def forget() -> None:
    """Keep nothing in memory."""
    with _LOCK:
        _KEPT.clear()


_KEPT: OrderedDict[tuple[str, str], tuple[Mark, Any]] = OrderedDict()
_LOCK = threading.Lock()


def _known(key: tuple[str, str]) -> tuple[Mark, Any] | None:
    with _LOCK:
        known = _KEPT.get(key)
        if known is not None:
            _KEPT.move_to_end(key)
        return known


def _keep(key: tuple[str, str], mark: Mark, made: Any) -> None:
    with _LOCK:
        _KEPT[key] = (mark, made)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)


def _opened(table: Table, key: tuple[str, str]) -> DeltaTable | None:
    if delta_log.exists(table):
        return delta_log.opened(table)
    with _LOCK:
        _KEPT.pop(key, None)
    return None


def _on_disk(location: str, how: Following[Made]) -> tuple[Mark, Made] | None:
    said = kept_on_disk.load(f"{how.what} {location}")
    if said is None:
        return None
    try:
        return Mark(*map(int, said["mark"])), how.of_text(said["made"])
    # A copy of another shape than this code writes is no copy.
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        return None


def _to_disk(location: str, how: Following[Made], mark: Mark, made: Made) -> None:
    if kept_on_disk.enabled():
        document = {"mark": [mark.version, mark.written, mark.size], "made": how.to_text(made)}
        kept_on_disk.save(f"{how.what} {location}", document)
