"""Reading a service until it holds still: rows that move between pages are neither missed nor read twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from lakehouse.errors import SourceUnavailable
from lakehouse.extraction.row_store import Row, RowStore

log = logging.getLogger(__name__)


def stable(fetch_once: Callable[[], Iterable[Row]], tries: int = 3) -> Iterator[Row]:
    """The rows of the first pass that has the same rows as the pass before it; their order does not count.

    A service that pages by number moves rows from page to page when others are added or deleted meanwhile, and a pass can miss
    some. Two passes in a row that agree are taken for what the service has. Nothing is yielded before that; passes are kept on
    disk.

    Args:
        fetch_once: makes one pass over all rows; a pass is made at least twice.
        tries: after the first pass, how many more are made at most.

    Raises:
        SourceUnavailable: when no two passes in a row agreed. TypeError: a row is none.
    """
    with RowStore() as first:
        _fill(first, fetch_once)
        before = first.digest()
    for number in range(tries):
        with RowStore() as store:
            _fill(store, fetch_once)
            if (now := store.digest()) == before:
                yield from store.as_added()
                return
            before = now
        log.warning("the rows changed between two passes; %d of %d more passes made", number + 1, tries)
    raise SourceUnavailable(
        f"expected two passes in a row with the same rows, found none in {tries + 1}: the service's rows change faster than they "
        "are read; nothing has landed: run again when it is quieter, or ask for a window that is closed or by a cursor"
    )


def _fill(store: RowStore, fetch_once: Callable[[], Iterable[Row]]) -> None:
    for row in fetch_once():
        store.add(row)
