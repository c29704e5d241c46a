"""What declarations said when they were last found right, kept on disk: no process checks again what another one has checked.

A task, a job and the parsing of a DAG file are each a process of their own, and checking a hundred use cases with row rules takes
almost a second. What is kept counts for the very same text alone, checked by the very same code; what was wrong is not kept.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import cast

import pydantic

from lakehouse import code_version, settings
from lakehouse.declaration.section import Section

FILE = "declarations"

# By file: the digest of what it says, and what that declares. Each is unpacked alone, since most processes want one.
Kept = dict[str, tuple[bytes, bytes]]
DIGEST_BYTES = 32
# No process takes so long to write the file.
WRITING_SECONDS = 600

# All that checks a declaration: this code, Python, and the packages, whose folder changes with every one installed. Looked at when
# it is imported, for a process that lives on, and those copied from it, check by what they have imported.
_PACKAGES = Path(pydantic.__file__).parents[1]
CODE = (
    f"{code_version.signature('lakehouse')} {sys.version} {pydantic.VERSION} {_PACKAGES} {_PACKAGES.stat().st_mtime_ns}"
)


def declared(file: Path, said: bytes) -> Section | None:
    """What a file declares, if that is kept for what it says, by its digest."""
    before, packed = _read_once().get(str(file), (b"", b""))
    return cast("Section", pickle.loads(packed)) if before == said else None


def was_right(file: Path) -> bool:
    """Whether a file's declaration was kept the last time, whatever it said and whatever code checked it."""
    return str(file) in _content()[1]


def keep(found: Mapping[Path, tuple[bytes, Section]]) -> None:
    """Keep what these files declare, by the digest of what they say, and nothing else. Of two processes at once the last one's is
    kept.
    """
    wanted = {str(file): said for file, (said, _) in found.items()}
    if wanted == _digests(_read_once()):
        return
    _read_once.cache_clear()
    before = _read_once()
    if wanted == _digests(before):
        return
    folder = settings.load().state_root
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(prefix=f"{FILE}.", dir=folder)
    except OSError:
        return  # A place that can't be written to: every process checks for itself.
    try:
        kept: Kept = {}
        for file, (_, right) in found.items():
            name = str(file)
            same = name in before and before[name][0] == wanted[name]
            kept[name] = before[name] if same else (wanted[name], pickle.dumps(right, pickle.HIGHEST_PROTOCOL))
        content = pickle.dumps((CODE, kept), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(handle, "wb") as file_of_all:
            file_of_all.write(digest(content) + content)
        os.replace(written, folder / FILE)
        _read_once.cache_clear()
        _tidy(folder)
    except OSError:
        Path(written).unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    """Remove what processes that were killed have left half written."""
    for left in folder.glob(f"{FILE}.*"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - WRITING_SECONDS:
                left.unlink()


def _digests(kept: Kept) -> dict[str, bytes]:
    return {file: digest for file, (digest, _) in kept.items()}


@lru_cache
def _read_once() -> Kept:
    """What is kept, which a process reads once: what it says of a file stays true. Nothing if it is by other code."""
    code, kept = _content()
    return kept if code == CODE else {}


def _content() -> tuple[str, Kept]:
    """The file's content; nothing if it is damaged."""
    file = settings.load().state_root / FILE
    try:
        # What is unpacked may run code: only this user's own file is.
        content = file.read_bytes() if file.stat().st_uid == os.getuid() else b""
    except OSError:
        return "", {}
    if digest(content[DIGEST_BYTES:]) != content[:DIGEST_BYTES]:
        return "", {}
    return cast("tuple[str, Kept]", pickle.loads(content[DIGEST_BYTES:]))


def digest(content: bytes) -> bytes:
    """Of what a file says."""
    return hashlib.sha256(content).digest()
