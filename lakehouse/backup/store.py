"""Where backups lie: a folder or an address. Files lie there by the digest of their bytes, so that each is there once.

``objects/ab/<digest>``: the bytes. ``backups/<id>``: a manifest, which is a backup once it is there. A file appears under its
name when it is whole: written beside it and renamed, or put as one object.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pyarrow import fs

from lakehouse.backup import files
from lakehouse.backup.manifest import Manifest
from lakehouse.errors import BackupIncomplete, BadArguments
from lakehouse.storage import object_store, store_errors, stored_files

MARK = "nightjar-backups"
NO_BACKUP_YET = "what was copied stays, and is no backup yet"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# A younger object may be one that a backup has put and whose manifest is about to follow.
UNDER_WAY = dt.timedelta(hours=24)


class Store:
    """The backups at a place."""

    def __init__(self, place: str) -> None:
        """Of a folder or an address; nothing is looked at yet.

        Raises:
            BadArguments: an address of a kind that is not known.
        """
        self.place = place.rstrip("/") if "://" in place else str(Path(place).absolute())
        self.is_local = not object_store.is_address(self.place)
        try:
            self._filesystem, self._root = stored_files.filesystem_of(self.place)
        except ValueError:
            kind = place.partition("://")[0]
            raise BadArguments(
                f"backup {self.place}: expected a folder, or an address such as s3://bucket/prefix, found {kind}://..., which "
                "is no store that is known here"
            ) from None

    def open_for_writing(self) -> None:
        """Make it a place of backups.

        Raises:
            BadArguments: when it is a file, or has something else in it.
        """
        if self._has(MARK):
            self._tidy()
            return
        with explained(self.place):
            if self._filesystem.get_file_info(self._root).type == fs.FileType.File:
                raise BadArguments(f"backup {self.place}: expected a folder, found a file")
            if not files.is_empty(self.place, ("tmp",)):
                raise BadArguments(
                    f"backup {self.place}: expected an empty place, or one with earlier backups, found other files; name a "
                    "folder of "
                    "its own"
                )
            if self.is_local:
                Path(self._root).mkdir(parents=True, exist_ok=True)
            self._put_bytes(MARK, b"Backups of the platform: python -m lakehouse restore reads them.\n")

    def _tidy(self) -> None:
        """Remove what backups that were killed have left half written."""
        if not self.is_local:
            return
        for left in (Path(self._root) / "tmp").glob("nightjar-*"):
            with suppress(OSError):
                if left.stat().st_mtime < time.time() - UNDER_WAY.total_seconds():
                    left.unlink()

    def ids(self) -> list[str]:
        """The backups that are whole, oldest first."""
        with explained(self.place):
            return sorted(name for name in files.listed(f"{self.place}/backups") if "/" not in name)

    def manifest(self, at: str | None = None) -> Manifest:
        """A backup; the newest when ``at`` does not name one.

        Raises:
            BadArguments: when there is none. BackupIncomplete: when its manifest is damaged.
        """
        known = self.ids()
        if not known or (at is not None and at not in known):
            found = f"found {', '.join(known[-5:])}" if known else "found none: a backup that was interrupted is none"
            raise BadArguments(f"{self.place}: expected {'a backup' if at is None else f'the backup {at}'}, {found}")
        name = known[-1] if at is None else at
        with explained(self.place):
            return Manifest.from_bytes(
                name, b"".join(stored_files.chunks(self._filesystem, f"{self._root}/backups/{name}"))
            )

    def put_manifest(self, manifest: Manifest) -> None:
        """Make what was put a backup."""
        if self.is_local:
            os.sync()
        self._put_bytes(f"backups/{manifest.id}", manifest.to_bytes())

    def put(self, source: fs.FileSystem, path: str) -> tuple[str, int]:
        """Put a file, unless its bytes are there already; its digest and size.

        Raises:
            FileNotFoundError: when the file is gone. BackupIncomplete: when there is no room for it.
        """
        digest, size = hashlib.sha256(), 0
        with self._spooled() as spool:
            with explained(self.place), spool.open("wb") as written:
                for content in _as_read(source, path):
                    digest.update(content)
                    size += len(content)
                    written.write(content)
            name = digest.hexdigest()
            with explained(self.place):
                if self._size(_object(name)) != size:
                    self._finish(spool, _object(name))
        return name, size

    def read(self, digest: str) -> Iterator[bytes]:
        """The bytes of a file by their digest."""
        return stored_files.chunks(self._filesystem, f"{self._root}/{_object(digest)}")

    def sizes(self) -> dict[str, int]:
        """By digest the size of every file that is there."""
        found = files.listed(f"{self.place}/objects")
        return {path.rpartition("/")[2]: info.size for path, info in found.items()}

    def remove_before(self, keep: int, now: dt.datetime) -> tuple[list[str], int]:
        """Remove all backups but the newest ``keep``, and files that none of these has; their names and the number of files."""
        old = self.ids()[:-keep]
        for name in old:
            self._filesystem.delete_file(f"{self._root}/backups/{name}")
        wanted = {file.sha256 for name in self.ids() for file in self.manifest(name).files}
        removed = 0
        for info in files.listed(f"{self.place}/objects").values():
            if info.base_name not in wanted and info.mtime < now - UNDER_WAY:
                self._filesystem.delete_file(info.path)
                removed += 1
        return old, removed

    def _has(self, path: str) -> bool:
        with explained(self.place):
            return self._size(path) is not None

    def _size(self, path: str) -> int | None:
        info = self._filesystem.get_file_info(f"{self._root}/{path}")
        return info.size if info.type == fs.FileType.File else None

    @contextmanager
    def _spooled(self) -> Iterator[Path]:
        """A file of this machine; of a local place beside its objects, so that it is renamed and not copied."""
        folder = f"{self._root}/tmp" if self.is_local else None
        with explained(self.place):
            if folder is not None:
                Path(folder).mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="nightjar-backup-", dir=folder)
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _finish(self, spool: Path, path: str) -> None:
        target = f"{self._root}/{path}"
        if self.is_local:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            spool.replace(target)
        else:
            fs.copy_files(str(spool), target, fs.LocalFileSystem(), self._filesystem)

    def _put_bytes(self, path: str, content: bytes) -> None:
        with self._spooled() as spool, explained(self.place):
            with spool.open("wb") as written:
                written.write(content)
                written.flush()
                os.fsync(written.fileno())
            self._finish(spool, path)


class _SourceGone(Exception):
    """A file that is copied is gone, which is nothing about the place that it is copied to."""

    def __init__(self, error: FileNotFoundError) -> None:
        self.error = error


@contextmanager
def explained(place: str, so_far: str = NO_BACKUP_YET) -> Iterator[None]:
    """Name the errors of a place: not there, no room, no right, or of its store; ``so_far`` is what became of the copy."""
    try:
        yield
    except _SourceGone as gone:
        raise gone.error from None
    except OSError as error:
        if object_store.is_address(place) and (named := store_errors.named(error)) is not None:
            raise named from error
        full = error.errno in NO_ROOM
        raise BackupIncomplete(
            f"{place}: expected {'room for the files' if full else 'a place that can be written and read'}, found "
            f"{error.strerror or error}; {'make room' if full else 'correct that'}, and run the same command again: {so_far}"
        ) from error


def _as_read(source: fs.FileSystem, path: str) -> Iterator[bytes]:
    """The bytes of a file that is copied: what is wrong with it is told apart from what is wrong with the place."""
    try:
        yield from stored_files.chunks(source, path)
    except FileNotFoundError as error:
        raise _SourceGone(error) from error
    except OSError as error:
        raise BackupIncomplete(
            f"{path}: expected a file that can be read, found {error.strerror or error}; correct that, and run the same command "
            f"again: {NO_BACKUP_YET}"
        ) from error


def _object(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"
