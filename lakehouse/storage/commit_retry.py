"""Making a commit once: tried again when another writer's came first, or when an object store's answer was lost.

Every commit carries a mark of its own in the log. A try that ended in an error may be in the log all the same: the store has done
it, and the answer was lost. So each further try begins with the newest version, looks for the mark in the versions that have come
since the first try began, and finds that nothing is left to do. A request that is still under way meanwhile can't come later: it
asks for a version that was free when it was sent, and either that version is its own, and is found, or another's, and the store
refuses it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from deltalake import DeltaTable

from lakehouse.errors import NightjarError, WriteConflict
from lakehouse.storage import commit_size, delta_log, object_store, snapshots, store_errors, touched
from lakehouse.tables import Table

if TYPE_CHECKING:
    from tenacity import RetryCallState

log = logging.getLogger(__name__)

TRIES = 12
# After so long no store that loses answers is tried again.
PATIENCE_SECONDS = 120
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
        # The commit has left the table at the version that it made, so the next reader need not read the log again.
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

    def is_worth_another(error: BaseException) -> bool:
        return is_conflict(error) or (at_address and store_errors.is_unclear(error))

    try:
        write()
    except Exception as error:
        if is_worth_another(error):
            _again(table, write, is_worth_another, error)
            return
        if at_address and (explained := _explained(table, error)) is not None:
            raise explained from error
        raise


def _again(
    table: Table, write: Callable[[], object], is_worth_another: Callable[[BaseException], bool], first: Exception
) -> None:
    """Try once more and again, after pauses of chance; ``first`` is what the first try raised."""
    # Imported here: it takes as long as ten commits, and most have no need of it.
    from tenacity import RetryError, Retrying, before_sleep_log, retry_if_exception, wait_random_exponential

    failed: list[Exception] = [first]

    def attempt() -> None:
        if failed:
            raise failed.pop()
        write()

    retrying = Retrying(
        retry=retry_if_exception(is_worth_another),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        stop=_is_enough,
        before_sleep=before_sleep_log(log, logging.INFO),
    )
    try:
        retrying(attempt)
    except RetryError as ended:
        error = ended.last_attempt.exception()
        if error is not None and not is_conflict(error):
            raise _explained(table, error) or error from error
        raise WriteConflict(
            f"{table.full_name}: expected to commit within {TRIES} tries, other writers came first each time; "
            "run the same command again when they are done"
        ) from error
    except Exception as error:
        if object_store.is_address(delta_log.location(table)) and (explained := _explained(table, error)) is not None:
            raise explained from error
        raise


def _is_enough(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome is not None else None
    waited = (state.seconds_since_start or 0) > PATIENCE_SECONDS
    return state.attempt_number >= TRIES or (waited and error is not None and not is_conflict(error))


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
