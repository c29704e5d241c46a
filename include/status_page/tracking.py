"""The tracking server: where it is, and whether it answers. The page waits for it no longer than half a second, once in a while."""

from __future__ import annotations

import threading
import time

import httpx

from include.status_page.addresses import safe
from lakehouse import settings

# How long an answer is waited for, and how long one counts.
SECONDS = 0.4
COUNTS_SECONDS = 20.0

_LOCK = threading.Lock()
# By address when it was asked last, and whether it did not answer.
_asked: dict[str, tuple[float, bool]] = {}


def address() -> str:
    """Where it is, for links; empty where it is no server that a browser could open."""
    return safe(settings.load().mlflow_tracking_uri)


def away() -> bool:
    """Whether it does not answer."""
    where = address()
    if not where:
        return False
    with _LOCK:
        at, known = _asked.get(where, (float("-inf"), False))
        if time.monotonic() - at < COUNTS_SECONDS:
            return known
        # Anyone who comes meanwhile takes what is known.
        _asked.clear()
        _asked[where] = (time.monotonic(), known)
    found = not _answers(where)
    with _LOCK:
        _asked[where] = (time.monotonic(), found)
    return found


def _answers(where: str) -> bool:
    try:
        return httpx.get(f"{where.rstrip('/')}/health", timeout=SECONDS).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.HTTPError:
        return False
