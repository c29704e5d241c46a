"""Taking a backup while jobs write.

The order decides that a restored platform is not ahead of itself. Airflow's state first: it may think that a task still runs
whose rows are there, and runs it again for nothing; never that one is done whose rows are not. The journals of calls before the
tables into which they are folded. Then the versions of all tables (`lakehouse.backup.cut`), then MLflow's registry, which has a
version before the tables name it, then its files, and deliveries, which are there before a table is made from them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from pyarrow import fs

from lakehouse import code_version, settings
from lakehouse.analyst.listing import FoundTable
from lakehouse.backup import cut, databases, files, table_files, verifying
from lakehouse.backup.covered import AIRFLOW, ARTIFACTS, CALLS, LAKEHOUSE, LANDING, MLFLOW, STATE, Covered, sqlite_file
from lakehouse.backup.manifest import Manifest, SavedFile
from lakehouse.backup.store import Store
from lakehouse.errors import BackupIncomplete, BadArguments
from lakehouse.storage import object_store, stored_files

log = logging.getLogger(__name__)

# Files copied at a time: each waits for the disk or the store.
AT_ONCE = 4
TRIES = 3


@dataclass(frozen=True)
class Taken:
    """A backup that was taken: its manifest, and how many of its files and bytes were new at the place."""

    manifest: Manifest
    new_files: int
    new_bytes: int


@dataclass
class _Copying:
    """What is copied so far, and what an earlier backup has of the same files."""

    store: Store
    known: dict[tuple[str, str, int, int], str]
    there: set[str]
    files: list[SavedFile] = field(default_factory=list)
    new_files: int = 0
    new_bytes: int = 0

    def add(self, part: str, location: str, found: Iterable[tuple[str, fs.FileInfo]], may_go: bool = False) -> None:
        """Copy files of a part; ``found`` has each file's path within the part.

        Raises:
            FileNotFoundError: when one is gone meanwhile that may not.
        """
        filesystem, _ = stored_files.filesystem_of(location)

        def copied(item: tuple[str, fs.FileInfo]) -> SavedFile | None:
            path, info = item
            digest = self.known.get((part, path, info.size, info.mtime_ns))
            if digest in self.there and digest is not None:
                return SavedFile(part, path, info.size, digest, info.mtime_ns)
            try:
                digest, size = self.store.put(filesystem, info.path)
            except FileNotFoundError:
                if may_go:
                    return None
                raise
            return SavedFile(part, path, size, digest, info.mtime_ns)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for saved in pool.map(copied, found):
                if saved is not None:
                    self._note(saved)

    def add_made(self, part: str, path: str, file: Path) -> None:
        """Copy a file that was made for the backup."""
        digest, size = self.store.put(fs.LocalFileSystem(), str(file))
        self._note(SavedFile(part, path, size, digest, 0))

    def _note(self, saved: SavedFile) -> None:
        self.files.append(saved)
        if saved.sha256 not in self.there:
            self.there.add(saved.sha256)
            self.new_files += 1
            self.new_bytes += saved.size


def take(covered: Covered, place: str, now: dt.datetime) -> Taken:
    """Take a backup to a folder or an address. What earlier ones there have is not copied again.

    Killed at any moment it leaves no backup, and run again it copies what is missing.

    Args:
        covered: the platform's places.
        place: an empty one, or one with earlier backups.
        now: the present instant.

    Raises:
        BadArguments: when the place lies in what is backed up or the other way round, or has other files, or there is nothing
            to back up.
        BackupIncomplete: when it can't be completed.
    """
    store = Store(place)
    expect_apart(covered, store)
    if all(files.is_empty(location, (".locks",)) for location in covered.folders.values()):
        raise BadArguments(
            f"backup: expected tables or deliveries in {covered.lakehouse} or {covered.landing}, found none; set "
            "LAKEHOUSE_ROOT and "
            "LANDING_ROOT to where yours are"
        )
    store.open_for_writing()
    copying = _continuing(store)
    kinds: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="nightjar-backup-") as folder:
        kinds[AIRFLOW] = _database(copying, AIRFLOW, covered.airflow, Path(folder))
        copying.add(CALLS, covered.calls, files.listed(covered.calls).items(), may_go=True)
        chosen = cut.make(covered.lakehouse)
        kinds[MLFLOW] = _database(copying, MLFLOW, covered.mlflow, Path(folder))
    log.info("backing up %d table(s), %s", len(chosen.versions), "of one instant" if chosen.one_instant else "in order")
    for table, version in chosen.versions:
        _table(copying, table, version)
    copying.add(ARTIFACTS, covered.artifacts, _settled(files.listed(covered.artifacts)), may_go=True)
    copying.add(LANDING, covered.landing, _settled(files.listed(covered.landing)), may_go=True)
    manifest = Manifest(
        id=_next_id(store.ids(), now),
        taken_at=now.astimezone(dt.UTC).isoformat(),
        code=code_version.version(),
        one_instant=chosen.one_instant,
        tables={table.full_name: version for table, version in chosen.versions},
        places=covered.folders,
        databases=kinds,
        declarations=declarations(),
        files=tuple(sorted(copying.files)),
    )
    # Another backup to this place may have removed, with earlier ones, what was there when this one began.
    verifying.expect_present(store, manifest, verifying.TAKE_AGAIN)
    store.put_manifest(manifest)
    return Taken(manifest, copying.new_files, copying.new_bytes)


def expect_apart(covered: Covered, store: Store) -> None:
    """Nothing where the place of backups and a platform, backed up or restored, do not contain one another.

    Raises:
        BadArguments: when they do.
    """
    state = [str(file.parent) for address in covered.databases.values() if (file := sqlite_file(address)) is not None]
    for location in (*covered.folders.values(), *state):
        one, other = _parts(location), _parts(store.place)
        if one[: len(other)] == other or other[: len(one)] == one:
            where = "in it" if len(one) > len(other) else "around it"
            raise BadArguments(
                f"{store.place}: expected backups in a place apart from the platform, found {location} {where}; "
                "name another folder or bucket: what removes one would remove the other"
            )


def declarations() -> str:
    """Digest of every file under the folders of declarations, Python's own byte code apart."""
    digest = hashlib.sha256()
    for root in settings.load().use_case_roots:
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(root)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _continuing(store: Store) -> _Copying:
    there = store.sizes()
    known = {}
    if ids := store.ids():
        for file in store.manifest(ids[-1]).files:
            if there.get(file.sha256) == file.size and file.changed_ns:
                known[file.part, file.path, file.size, file.changed_ns] = file.sha256
    return _Copying(store, known, set(there))


def _database(copying: _Copying, name: str, address: str, folder: Path) -> str:
    file = folder / name
    kind = databases.copy(name, address, file)
    if kind != databases.NONE:
        copying.add_made(STATE, name, file)
    return kind


def _table(copying: _Copying, table: FoundTable, version: int) -> None:
    """Copy a table at a version; again where its log or a vacuum tidied up meanwhile."""
    prefix = f"{table.layer}/{table.name}"
    before = len(copying.files)
    for attempt in range(TRIES):
        of_table = table_files.of_version(table, version)

        def within(paths: Iterable[str], of: table_files.TableFiles = of_table) -> Iterator[tuple[str, fs.FileInfo]]:
            return ((f"{prefix}/{path}", of.found[path]) for path in paths)

        try:
            copying.add(LAKEHOUSE, table.location, within(of_table.log))
            copying.add(LAKEHOUSE, table.location, within(of_table.needed))
            copying.add(LAKEHOUSE, table.location, within(of_table.earlier), may_go=True)
            return
        except FileNotFoundError as error:
            del copying.files[before:]
            if attempt == TRIES - 1:
                raise BackupIncomplete(
                    f"{table.full_name}: expected the files of version {version}, found {error.filename or error} gone; "
                    "run the same "
                    "command again"
                ) from error


def _settled(found: dict[str, fs.FileInfo]) -> Iterator[tuple[str, fs.FileInfo]]:
    """Without hidden files, such as deliveries that are being written."""
    return ((path, info) for path, info in found.items() if not path.rpartition("/")[2].startswith("."))


def _next_id(known: list[str], now: dt.datetime) -> str:
    """Of the instant, and greater than those that are known, whatever the clock says."""
    wanted = f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%S%f}Z"
    return wanted if not known or wanted > known[-1] else f"{known[-1]}+"


def _parts(location: str) -> tuple[str, ...]:
    if object_store.is_address(location):
        return tuple(location.rstrip("/").split("/"))
    return Path(location).resolve().parts
