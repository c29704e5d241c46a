"""Making a commit once: tried again when another writer's came first, or when an object store's answer was lost.

Every commit carries a mark of its own in the log. A try that ended in an error may be in the log all the same: the store has done
it, and the answer was lost. So each further try begins with the newest version, looks for the mark in the versions that have come
since the first try began, and finds that nothing is left to do. A request that is still under way meanwhile can't come later: it
asks for a version that was free when it was sent, and either that version is its own, and is found, or another's, and the store
refuses it.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable

from deltalake import DeltaTable

from lakehouse.errors import NightjarError, WriteConflict
from lakehouse.storage import commit_size, delta_log, object_store, snapshots, store_errors, touched
from lakehouse.tables import Table

log = logging.getLogger(__name__)

TRIES = 12
# After so long no store that loses answers is tried again.
PATIENCE_SECONDS = 120
# Before the next try, twice as long after each, and a part of it by chance: writers that have met do not meet again.
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
# Where a commit's metadata has its mark.
MARK = "nightjar.commit"

# Makes one commit to a table as it was opened, with these entries in its metadata.
Write = Callable[[DeltaTable, dict[str, str]], object]

# How Spark's Delta Lake and delta-rs name a conflict. Matched in the error's text: over Spark Connect every failure of the
# server has the same exception class.
SIGNS = (
    "DELTA_CONCURRENT_",
    "ConcurrentAppend",
    "ConcurrentDelete",
    "ConcurrentWrite",
    "ConcurrentTransaction",
    "MetadataChangedException",
    "ProtocolChangedException",
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_PATH_EXISTS",
    "DELTA_TABLE_ALREADY_EXISTS",
    "CommitFailedError",
)


def commit(table: Table, write: Write) -> None:
    """Let ``write`` make one commit to the table, which exists, once.

    Raises:
        WriteConflict: when others came first every time. ServiceUnavailable, StoreRefused: the store gave no answer, or refused.
    """
    location, mark = delta_log.location(table), uuid.uuid4().hex
    began: list[int] = []
    last: list[DeltaTable] = []

    def attempt() -> None:
        opened = delta_log.open_anew(location)
        last[:] = [opened]
        if began and _has(table, opened, began[0], mark):
            return
        began.append(opened.version())
        write(opened, {MARK: mark})

    try:
        retry_on_conflict(table, attempt)
    except NightjarError:
        if not (
            began and object_store.is_address(location) and _has(table, delta_log.open_anew(location), began[0], mark)
        ):
            raise
    else:
        # It has gone on to the version that it has made: whoever reads the table next need not read its log again.
        snapshots.keep(location, *last)
    if began:
        _note(table, location, began[0], mark)


def commit_unrepeated(table: Table, write: Write) -> None:
    """The same in one try: what it writes is there no more for another.

    Raises:
        WriteConflict: when another came first.
    """
    location, mark = delta_log.location(table), uuid.uuid4().hex
    opened = delta_log.open_anew(location)
    began = opened.version()
    try:
        write(opened, {MARK: mark})
    except Exception as error:
        unclear = object_store.is_address(location) and (is_conflict(error) or store_errors.is_unclear(error))
        if unclear and _has(table, delta_log.open_anew(location), began, mark):
            _note(table, location, began, mark)
            return
        if is_conflict(error):
            raise WriteConflict(
                f"{table.full_name}: expected nobody else to change it meanwhile, found that another writer did; nothing was "
                "written: run the same command again"
            ) from error
        raise _explained(table, error) or error from error
    _note(table, location, began, mark)


def retry_on_conflict(table: Table, write: Callable[[], object]) -> None:
    """Call ``write``, which makes one commit that can be repeated for free, until no other writer comes before it.

    Raises:
        WriteConflict: when others came first every time. ServiceUnavailable, StoreRefused: the store gave no answer, or refused.
    """
    at_address = object_store.is_address(delta_log.location(table))
    began, tries = time.monotonic(), 0
    while True:
        tries += 1
        try:
            write()
            return
        except Exception as error:
            conflict = is_conflict(error)
            unclear = not conflict and at_address and store_errors.is_unclear(error)
            if not (conflict or unclear):
                if at_address and (explained := _explained(table, error)) is not None:
                    raise explained from error
                raise
            if unclear and (tries >= TRIES or time.monotonic() - began > PATIENCE_SECONDS):
                raise _explained(table, error) or error from error
            if tries >= TRIES:
                raise WriteConflict(
                    f"{table.full_name}: expected to commit within {TRIES} tries, other writers came first each time; "
                    "run the same command again when they are done"
                ) from error
            _pause(table, tries, error)


def _pause(table: Table, tries: int, error: Exception) -> None:
    """Wait before the next try. By hand: importing a library for it takes as long as ten commits."""
    pause = random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (tries - 1)))
    log.info("%s: tried again in %.1f s, since it raised %s: %s", table.full_name, pause, type(error).__name__, error)
    time.sleep(pause)


def _has(table: Table, opened: DeltaTable, began: int, mark: str) -> bool:
    """Whether a version behind ``began`` has the mark.

    Raises:
        WriteConflict: versions were purged that may have it.
    """
    since = opened.version() - began
    if since <= 0:
        return False
    commits = opened.history(since)
    if any(commit.get(MARK) == mark for commit in commits):
        return True
    if len(commits) < since and object_store.is_address(delta_log.location(table)):
        raise WriteConflict(
            f"{table.full_name}: expected {since} versions since this commit began, found {len(commits)}: others were purged "
            "meanwhile, and whether this one is among them nobody knows; run the same command again"
        )
    return False


def _note(table: Table, location: str, began: int, mark: str) -> None:
    """Note what the commit has written, and which version it became; a write that changed nothing made none."""
    version = commit_size.count(table, location, began, mark)
    if version is not None:
        touched.committed(table.full_name, version)


def _explained(table: Table, error: BaseException) -> NightjarError | None:
    named = store_errors.named(error)
    if named is None:
        return None
    told = type(named)(f"{table.full_name}: {named}")
    told.retryable = named.retryable
    return told


def is_conflict(error: BaseException) -> bool:
    """Whether Delta refused a commit because another one came first."""
    text = f"{type(error).__name__} {error}"
    return any(sign in text for sign in SIGNS)
