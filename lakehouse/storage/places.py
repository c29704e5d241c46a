"""Folders and files by their path or their address: of a path Python's own `Path`, of an address one that is used alike.

The landing zone lies at such places. At an address an object is whole or absent: what is written appears when it is closed, and not
at all when writing it fails. There are no folders, no locks, and no renaming.
"""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from lakehouse.storage import object_store

if TYPE_CHECKING:
    from pyarrow import fs

# Read at a time: each costs a request.
READ_BYTES = 4 << 20


def of(place: str | Path) -> Path:
    """The folder or file at a path or an address."""
    if isinstance(place, Path) or not object_store.is_address(str(place)):
        return Path(place)
    _register()
    from upath import UPath

    return cast("Path", UPath(place))


def is_local(place: Path) -> bool:
    """Whether a place is on a disk, with folders, locks and renaming."""
    return isinstance(place, Path)


def names_in(folder: Path) -> set[str] | None:
    """The names in a folder at an address, asked for at once; None where it is on a disk, which is asked name by name.

    A folder that is not there has none.
    """
    if is_local(folder):
        return None
    try:
        return {found.name for found in folder.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def put(place: Path, file: str | Path) -> None:
    """Put a file of this machine at an address, in the place of what is there; a reader sees one or the other."""
    filesystem, path = object_store.filesystem_of(str(place))
    _copy(str(file), path, filesystem)


def _copy(file: str, path: str, filesystem: fs.FileSystem) -> None:
    from pyarrow import fs

    # In one call: a stream of Arrow's that is left half-way completes what it has.
    fs.copy_files(file, path, fs.LocalFileSystem(), filesystem)


@cache
def _register() -> None:
    """Paths at an address read by the client that reads the tables."""
    import fsspec
    from fsspec.implementations.arrow import ArrowFSWrapper

    class Store(ArrowFSWrapper):  # type: ignore[misc]  # it has no types
        protocol = ("s3", "s3a")
        # A copy of the process must not take the client of the first.
        cachable = False

        def __init__(self, **options: Any) -> None:
            filesystem, _ = object_store.filesystem_of("s3://")
            super().__init__(filesystem, **options)

        @classmethod
        def _strip_protocol(cls, path: str | list[str]) -> str | list[str]:
            if isinstance(path, list):
                return [str(cls._strip_protocol(one)) for one in path]
            return path.partition("://")[2].rstrip("/") if "://" in path else path.rstrip("/")

        @classmethod
        def _parent(cls, path: str) -> str:
            return str(cls._strip_protocol(path)).rpartition("/")[0]

        def _open(self, path: str, mode: str = "rb", **options: Any) -> IO[bytes]:
            if mode == "rb":
                return cast("IO[bytes]", io.BufferedReader(_Read(self.fs.open_input_file(path)), READ_BYTES))
            if mode == "wb":
                return cast("IO[bytes]", _Written(self.fs, path))
            raise ValueError(f"expected mode rb or wb, found {mode}")

        def mkdir(self, path: str, create_parents: bool = True, **options: Any) -> None:
            """Nothing: the store has no folders."""

        def makedirs(self, path: str, exist_ok: bool = False) -> None:
            """Nothing."""

    fsspec.register_implementation("s3", Store, clobber=True)
    fsspec.register_implementation("s3a", Store, clobber=True)


class _Read(io.RawIOBase):
    """An object from any place on."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._file.seek(offset, whence)
        return int(self._file.tell())

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return int(self._file.readinto(buffer))

    def close(self) -> None:
        self._file.close()
        super().close()


class _Written(io.RawIOBase):
    """An object that appears when it is closed; left by an error it does not."""

    def __init__(self, filesystem: fs.FileSystem, path: str) -> None:
        self._filesystem, self._path = filesystem, path
        self._held = tempfile.NamedTemporaryFile(prefix="nightjar-object-")  # noqa: SIM115  # closed with this

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._held.write(content)

    def close(self) -> None:
        if self.closed:
            return
        try:
            self._held.flush()
            _copy(self._held.name, self._path, self._filesystem)
        finally:
            self._leave()

    def __exit__(self, kind: object, *of: object) -> None:
        if kind is None:
            self.close()
        else:
            self._leave()

    def __del__(self) -> None:
        self._leave()

    def _leave(self) -> None:
        self._held.close()
        super().close()
