"""Restoring a backup into empty places: another folder, another machine, a store. All of it is there afterwards, or nothing."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from deltalake.exceptions import DeltaError
from pyarrow import fs

from lakehouse.backup import databases, taking, verifying
from lakehouse.backup.covered import ARTIFACTS, LAKEHOUSE, MLFLOW, Covered
from lakehouse.backup.destinations import STAGED, Destinations
from lakehouse.backup.manifest import Manifest, SavedFile
from lakehouse.backup.store import Store, explained
from lakehouse.errors import BackupIncomplete, RestoreRefused
from lakehouse.storage import delta_log, object_store, stored_files

log = logging.getLogger(__name__)

AT_ONCE = 4
ERASURES = "ops.erasures"
COPYING, WHOLE = "copying", "whole"
NOTHING_YET = "nothing is restored yet"


@dataclass(frozen=True)
class Restored:
    """A restored backup, and what a person has to do besides, in words."""

    manifest: Manifest
    notes: tuple[str, ...]


def restore(store: Store, to: Covered, at: str | None = None) -> Restored:
    """Restore a backup, the newest when ``at`` does not name one.

    Killed at any moment it leaves nothing visible, or is completed when it is run again.

    Args:
        store: the backups.
        to: the platform's places, all empty.
        at: which backup.

    Raises:
        BadArguments: when there is no such backup, or the platform would lie among the backups.
        BackupIncomplete: when it is not whole. RestoreRefused: when a place is not empty.
    """
    newest = store.manifest()
    chosen = _with_erasures_of(newest, store.manifest(at))
    places = Destinations(to, chosen.databases)
    progress = _Progress(to, chosen.id)
    if progress.state() != WHOLE:
        taking.expect_apart(to, store)
        places.expect_empty(at_addresses=progress.state() is None)
        places.expect_renamed()
        verifying.expect_present(store, chosen)
        progress.note(COPYING)
        try:
            places.remove_staged()
            _copy(store, chosen, places)
            if chosen.databases.get(MLFLOW) == databases.SQLITE:
                moved = databases.move_artifacts(
                    Path(places.staged("state", MLFLOW)), chosen.places[ARTIFACTS], to.artifacts
                )
                log.info("%d record(s) of MLflow name the new place of its artifacts", moved)
            _expect_readable(chosen, places)
        except BaseException:
            places.remove_staged()
            if not any(map(object_store.is_address, to.folders.values())):
                progress.forget()
            raise
        progress.note(WHOLE)
    places.show()
    progress.forget()
    return Restored(chosen, tuple(_notes(chosen, newest, places)))


class _Progress:
    """How far a restore has come, in a file that the next one reads."""

    def __init__(self, to: Covered, backup: str) -> None:
        at_address = object_store.is_address(to.lakehouse)
        self._file = to.home / f"lakehouse{STAGED}.json" if at_address else Path(f"{to.lakehouse}{STAGED}.json")
        self._what = {"backup": backup, "to": to.folders | to.databases}

    def state(self) -> str | None:
        """Of the same restore; None where there is none, or of another."""
        try:
            noted = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return None
        return noted.pop("state", None) if {k: v for k, v in noted.items() if k != "state"} == self._what else None

    def note(self, state: str) -> None:
        """Write it down."""
        with explained(str(self._file.parent), NOTHING_YET):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_name(f"{self._file.name}.part")
            part.write_text(json.dumps(self._what | {"state": state}))
            part.replace(self._file)

    def forget(self) -> None:
        """There is none any more."""
        self._file.unlink(missing_ok=True)


def _with_erasures_of(newest: Manifest, chosen: Manifest) -> Manifest:
    """A backup with the record of erasures of the newest one: what was erased since stays out of the restored platform."""
    if ERASURES not in newest.tables:
        return chosen

    def of_erasures(file: SavedFile) -> bool:
        return file.part == LAKEHOUSE and file.path.startswith("ops/erasures/")

    kept = [file for file in chosen.files if not of_erasures(file)] + [
        file for file in newest.files if of_erasures(file)
    ]
    tables = {**chosen.tables, ERASURES: newest.tables[ERASURES]}
    return replace(chosen, files=tuple(kept), tables=tables)


def _copy(store: Store, manifest: Manifest, places: Destinations) -> None:
    """Copy all files; logs last: at an address a table is there from then on."""

    def one(file: SavedFile) -> None:
        _put(store, file, places.staged(file.part, file.path))

    def all_of(some: Iterable[SavedFile]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(one, some):
                pass

    logs = [file for file in manifest.files if file.part == LAKEHOUSE and "/_delta_log/" in file.path]
    all_of(set(manifest.files).difference(logs))
    all_of(logs)


def _put(store: Store, file: SavedFile, to: str) -> None:
    digest = hashlib.sha256()
    at_address = object_store.is_address(to)
    with tempfile.TemporaryDirectory(prefix="nightjar-restore-") as folder:
        written = Path(folder) / "file" if at_address else Path(to)
        with explained(to, NOTHING_YET):
            written.parent.mkdir(parents=True, exist_ok=True)
            with written.open("wb") as stream:
                for content in store.read(file.sha256):
                    digest.update(content)
                    stream.write(content)
            if digest.hexdigest() != file.sha256:
                raise BackupIncomplete(
                    f"backup: expected {file.part}/{file.path} as it was taken, found other bytes in its place at "
                    f"{store.place}; restore "
                    "an earlier one (--at ID): nothing of this one is visible"
                )
            if not at_address and file.changed_ns:
                # Of deliveries that are not taken in yet, the one that landed last counts.
                os.utime(written, ns=(file.changed_ns, file.changed_ns))
            if at_address:
                filesystem, path = stored_files.filesystem_of(to)
                fs.copy_files(str(written), path, fs.LocalFileSystem(), filesystem)


def _expect_readable(manifest: Manifest, places: Destinations) -> None:
    """Every table opens at the version that it was backed up at."""
    for name, version in manifest.tables.items():
        location = places.staged(LAKEHOUSE, name.replace(".", "/", 1))
        try:
            found = delta_log.open_anew(location).version()
        except (DeltaError, OSError) as error:
            raise BackupIncomplete(
                f"{name}: expected version {version} in backup {manifest.id}, found {error}"
            ) from error
        if found != version:
            raise RestoreRefused(
                f"{name}: expected version {version} in backup {manifest.id}, found {found}; restore another one"
            )


def _notes(manifest: Manifest, newest: Manifest, places: Destinations) -> Iterable[str]:
    if manifest.tables.get(ERASURES) is not None and manifest.id != newest.id:
        yield "rows that were erased after this backup may be in it: python -m jobs erase --replay takes them out again"
    for name in manifest.databases:
        if places.to_take_in(name):
            program = "pg_restore" if manifest.databases[name] == databases.POSTGRESQL else "the database's own tools"
            yield f"{name}: its database is in {places.database(name)}, for {program} to take in before {name} starts"
    if manifest.declarations != taking.declarations():
        yield "the declarations here are not those of the backup: check out what the platform ran then, or expect stale days"
    if manifest.databases.get("airflow", databases.NONE) != databases.NONE:
        yield "Airflow reads its connections and variables with the Fernet key of the platform as it was: no backup has it"
