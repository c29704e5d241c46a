"""Retrying a commit when another writer's commit came first."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tenacity import (
    RetryError,
    Retrying,
    before_sleep_log,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from lakehouse.errors import WriteConflict
from lakehouse.tables import Table

log = logging.getLogger(__name__)

TRIES = 12

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


def retry_on_conflict(table: Table, write: Callable[[], object]) -> None:
    """Call ``write``, which makes one commit, until no other writer comes before it.

    Raises:
        WriteConflict: when others came first every time.
    """
    retrying = Retrying(
        retry=retry_if_exception(is_conflict),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        stop=stop_after_attempt(TRIES),
        before_sleep=before_sleep_log(log, logging.INFO),
    )
    try:
        retrying(write)
    except RetryError as error:
        raise WriteConflict(
            f"{table.full_name}: expected to commit within {TRIES} tries, other writers came first each time; "
            "run the same command again when they are done"
        ) from error.last_attempt.exception()


def is_conflict(error: BaseException) -> bool:
    """Whether Delta refused a commit because another one came first."""
    text = f"{type(error).__name__} {error}"
    return any(sign in text for sign in SIGNS)
