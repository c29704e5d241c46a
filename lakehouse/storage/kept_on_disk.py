"""Copies of what was read, on this machine's disk, so that a process that starts again need not read it again.

A copy is JSON with the digest of its text. One that is damaged, of another key or of another version of this code is none. Nobody
keeps copies but a process that calls `use`; each is replaced in one step, there are so many at most, and any may be removed at any
time. What is kept here must be checked against its table by anyone who asks: a copy says what was, not what is.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from lakehouse import settings

log = logging.getLogger(__name__)

# Of what is written: copies of another version are none.
VERSION = 1
# So many copies at most, and each up to so many bytes.
MOST_COPIES = 2000
MOST_BYTES = 8 << 20
FOLDER = "status_page"


def use(allowed: bool = True) -> None:
    """This process keeps copies from now on, in ``status_page`` of ``NIGHTJAR_HOME``; or none any more."""
    _STATE["used"] = allowed
    if allowed:
        _trim(folder())


def enabled() -> bool:
    """Whether this process keeps copies."""
    return _STATE["used"]


def folder() -> Path:
    """Where copies are: of each store its own."""
    where = settings.load()
    return where.state_root / FOLDER / where.store_name


def load(key: str) -> Any:
    """The copy of that key; None where there is none that can be trusted."""
    if not enabled():
        return None
    try:
        digest, _, text = _path(key).read_bytes().partition(b"\n")
        if digest.decode("ascii") != hashlib.sha256(text).hexdigest():
            return None
        document = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return None
    known = isinstance(document, dict) and document.get("version") == VERSION and document.get("key") == key
    return document["kept"] if known else None


def save(key: str, kept: Any) -> None:
    """Keep a copy, in place of the last. A disk that takes none is no error: the next process reads anew.

    Args:
        key: which names it.
        kept: what JSON can say.
    """
    if not enabled():
        return
    text = json.dumps({"version": VERSION, "key": key, "kept": kept}, separators=(",", ":")).encode()
    path = _path(key)
    if len(text) > MOST_BYTES:
        path.unlink(missing_ok=True)
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(text).hexdigest().encode("ascii") + b"\n" + text)
        os.replace(name, path)
    except OSError as error:
        # Once: the page asks for dozens of copies.
        if not _STATE["warned"]:
            _STATE["warned"] = True
            log.warning(
                "the status page can't keep copies of what it read in %s, and reads all again: %s", path.parent, error
            )


_STATE = {"used": False, "warned": False}


def _path(key: str) -> Path:
    return folder() / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _trim(place: Path) -> None:
    """Remove the oldest copies beyond the most, and what a process left that ended while it wrote."""
    try:
        found = sorted((one.stat().st_mtime_ns, one) for one in place.iterdir())
        finished = [path for _, path in found if path.suffix == ".json"]
        for path in [path for _, path in found if path.suffix != ".json"] + finished[
            : max(0, len(finished) - MOST_COPIES)
        ]:
            path.unlink(missing_ok=True)
    except OSError:
        return
