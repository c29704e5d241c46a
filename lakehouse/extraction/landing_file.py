"""Writing an extracted file, which appears in the landing folder complete or not at all."""

from __future__ import annotations

import fcntl
import gzip
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from lakehouse.errors import ServiceUnavailable, SourceUnavailable
from lakehouse.extraction import envelope
from lakehouse.metering import written
from lakehouse.storage import places


def write(file: Path, origin: str, lines: Iterable[bytes]) -> int:
    """Write the lines between header and trailer, compressed by gzip, and return their number.

    Equal lines give equal bytes. Until everything is on the disk, it is a hidden file of the same folder,
    ``.<name>.partial``, which no reader takes for a delivery; the rest of a killed process there is overwritten. Without a line
    there is no file. In an object store it is put there when it is whole, and of two at once the later one stays.

    Raises:
        ServiceUnavailable: when the folder can't be written to. SourceUnavailable: when another process is writing the
            same file.
    """
    try:
        if not places.is_local(file):
            with tempfile.NamedTemporaryFile(prefix="nightjar-extraction-") as whole:
                if count := _pack(cast("BinaryIO", whole), origin, lines):
                    places.put(file, whole.name)
                    written.file(whole.tell())
                return count
        file.parent.mkdir(parents=True, exist_ok=True)
        with _partial(file) as (raw, path):
            count = _pack(raw, origin, lines)
            os.fsync(raw.fileno())
            if count:
                path.replace(file)
                written.file(file.stat().st_size)
                _sync_folder(file.parent)
            return count
    except OSError as error:
        raise ServiceUnavailable(
            f"{file}: expected to write it, found: {error.strerror or error}; nothing has landed: make room or correct the "
            "folder's permissions, and run again"
        ) from error


def _pack(raw: BinaryIO, origin: str, lines: Iterable[bytes]) -> int:
    count = 0
    # Without a name and a time of its own, or equal documents would give other bytes each time.
    packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0)
    with io.BufferedWriter(packed, 1 << 18) as out:
        out.write(f"{envelope.header(origin)}\n".encode())
        for line in lines:
            out.write(line + b"\n")
            count += 1
        out.write(f"{envelope.trailer(count)}\n".encode())
    raw.flush()
    return count


@contextmanager
def _partial(file: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """The hidden file, empty, open and locked by this process; removed unless it was renamed."""
    path = file.with_name(f".{file.name}.partial")
    with path.open("ab") as raw:
        busy = SourceUnavailable(
            f"{file}: expected no other extraction of the same day, found one that runs; run again when it is done"
        )
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        # Between opening and locking, another process may have renamed this file to the landed one.
        if not _is_at(raw, path):
            raise busy
        raw.truncate(0)
        try:
            yield raw, path
        finally:
            if _is_at(raw, path):
                path.unlink()


def _is_at(raw: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(raw.fileno()))
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
