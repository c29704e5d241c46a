"""The files of a journal: each line one call as it is then, with its checksum; of several of one call the last one holds.

A file is written to its end and then left alone. What a killed process or a power cut left half written is no line, and is passed
over: nothing was sent that was not on the disk before.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import os
import uuid
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from lakehouse.errors import ServiceUnavailable
from lakehouse.ops.call import INSTANTS, Call

log = logging.getLogger(__name__)

SUFFIX = ".jsonl"


def found(folder: Path) -> list[Path]:
    """The files of the journal in this folder, the oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def following(folder: Path) -> Path:
    """The path of a file that comes after all that are there. No file ever had its name."""
    last = max((int(file.name.split("-")[0]) for file in found(folder)), default=0)
    return folder / f"{last + 1:08d}-{uuid.uuid4().hex[:16]}{SUFFIX}"


def line(call: Call) -> bytes:
    """The call as a line."""
    content = dict(vars(call))
    for name in INSTANTS:
        content[name] = None if content[name] is None else content[name].isoformat()
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read(files: Iterable[Path]) -> tuple[dict[str, Call], int]:
    """The last line of each call, by key, and how many lines are none."""
    calls: dict[str, Call] = {}
    damaged = 0
    for file in files:
        with file.open("rb") as opened:
            for number, text in enumerate(opened, start=1):
                call = _call(text)
                if call is None:
                    damaged += 1
                    log.warning(
                        "%s: line %d is no line of a journal, as a killed writer leaves it; passed over", file, number
                    )
                    continue
                # The last one stands last.
                calls.pop(call.request_key, None)
                calls[call.request_key] = call
    return calls, damaged


def remove(file: Path) -> None:
    """Take a file away, for good."""
    file.unlink(missing_ok=True)
    # One that comes back after a power cut is folded again, to the same rows.
    with contextlib.suppress(OSError):
        _sync_folder(file.parent)


class Writer:
    """Appends lines to a new file.

    Raises:
        ServiceUnavailable: the disk does not take it.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines = 0
        self._size = 0
        try:
            self._opened: IO[bytes] = file.open("xb", buffering=0)
            _sync_folder(file.parent)
        except OSError as error:
            raise _no_room(file.parent, error) from error

    def append(self, lines: list[bytes]) -> None:
        """Write lines; when this returns, they are on the disk.

        Raises:
            ServiceUnavailable: the disk does not take them. None of them is there then.
        """
        content = b"".join(lines)
        try:
            left = memoryview(content)
            while left:
                left = left[self._opened.write(left) :]
            os.fsync(self._opened.fileno())
        except OSError as error:
            self._back()
            raise _no_room(self.file.parent, error) from error
        self._size += len(content)
        self.lines += len(lines)

    def close(self) -> None:
        """Nothing is appended any more."""
        self._opened.close()

    def _back(self) -> None:
        try:
            os.ftruncate(self._opened.fileno(), self._size)
            self._opened.seek(self._size)
        except OSError:
            log.warning("%s: what was written in part could not be taken back; a reader passes over it", self.file)


def _no_room(folder: Path, error: OSError) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"{folder}: expected room for the journal of calls, found: {error.strerror}; what was sent before is kept: make room, and "
        "run again"
    )


def _call(text: bytes) -> Call | None:
    checksum, _, content = text.rstrip(b"\n").partition(b" ")
    if not text.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(content):
        return None
    fields = json.loads(content)
    for name in INSTANTS:
        fields[name] = None if fields[name] is None else dt.datetime.fromisoformat(fields[name])
    return Call(**fields)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
