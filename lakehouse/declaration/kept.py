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
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import cast

import pydantic

from lakehouse import code_version, settings
from lakehouse.declaration import UseCase

FILE = "declarations"

# By file: the digest of its text, and the use case. Each is unpacked alone, since most processes want one.
Kept = dict[str, tuple[bytes, bytes]]
DIGEST_BYTES = 32


def use_case(file: Path, text: str) -> UseCase | None:
    """What a file with this text declares, if that is kept."""
    digest, packed = _read().get(str(file), (b"", b""))
    return cast("UseCase", pickle.loads(packed)) if digest == _digest(text.encode()) else None


def keep(found: Mapping[Path, tuple[str, UseCase]]) -> None:
    """Keep what these files, with these texts, declare, and nothing else. Of two processes at once the last one's is kept."""
    before = _read()
    wanted = {str(file): _digest(text.encode()) for file, (text, _) in found.items()}
    if wanted == {file: digest for file, (digest, _) in before.items()}:
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
        content = pickle.dumps((_code(), kept), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(handle, "wb") as file_of_all:
            file_of_all.write(_digest(content) + content)
        os.replace(written, folder / FILE)
    except OSError:
        Path(written).unlink(missing_ok=True)


def _read() -> Kept:
    file = settings.load().state_root / FILE
    try:
        status = file.stat()
        # What is unpacked may run code: only this user's own file is.
        return _content(file, status.st_mtime_ns, status.st_ino) if status.st_uid == os.getuid() else {}
    except OSError:
        return {}


@lru_cache(maxsize=1)
def _content(file: Path, written: int, inode: int) -> Kept:
    """Of the file that was written then; empty when it is damaged, or other code has written it."""
    content = file.read_bytes()
    if _digest(content[DIGEST_BYTES:]) != content[:DIGEST_BYTES]:
        return {}
    code, kept = cast("tuple[str, Kept]", pickle.loads(content[DIGEST_BYTES:]))
    return kept if code == _code() else {}


@lru_cache
def _code() -> str:
    """Of all that checks a declaration: this code, Python, and the packages, whose folder changes with every one installed."""
    packages = Path(pydantic.__file__).parents[1]
    return (
        f"{code_version.digest('lakehouse')} {sys.version} {pydantic.VERSION} {packages} {packages.stat().st_mtime_ns}"
    )


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
