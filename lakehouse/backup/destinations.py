"""Where the parts of a backup go: staged beside their places, so that all appear at once, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.backup import databases, files
from lakehouse.backup.covered import ARTIFACTS, CALLS, LAKEHOUSE, LANDING, STATE, Covered, sqlite_file
from lakehouse.errors import RestoreRefused
from lakehouse.storage import object_store

STAGED = ".restoring"
# Of a lakehouse in which nothing is yet.
UNIMPORTANT = (".locks",)
# Of SQLite, beside a database.
LOGS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Destinations:
    """The places of a platform that is restored.

    Attributes:
        to: the platform.
        kinds: by name of a database what the backup has of it.
    """

    to: Covered
    kinds: Mapping[str, str]

    def database(self, name: str) -> Path:
        """The file in which a database comes to be: itself, or what its own server has to take in."""
        file = sqlite_file(self.to.databases[name])
        if self.kinds.get(name) == databases.SQLITE and file is not None:
            return file
        ending = "db" if self.kinds.get(name) == databases.SQLITE else "dump"
        return self.to.home / f"{name}.{ending}"

    def to_take_in(self, name: str) -> bool:
        """Whether a server has to take the database in afterwards."""
        return self.kinds.get(name, databases.NONE) != databases.NONE and self.database(name) != sqlite_file(
            self.to.databases[name]
        )

    def staged(self, part: str, path: str) -> str:
        """Where a file of the backup is written first; at an address, which knows no renaming, in its place."""
        if part == STATE:
            return f"{self.database(path)}{STAGED}"
        location = self.to.folders[part]
        if object_store.is_address(location):
            return f"{location}/{path}"
        if part == CALLS and location.startswith(f"{self.to.lakehouse}/"):
            return f"{self.to.lakehouse}{STAGED}{location.removeprefix(self.to.lakehouse)}/{path}"
        return f"{location}{STAGED}/{path}"

    @property
    def _databases(self) -> list[str]:
        """Those that the backup has."""
        return [name for name, kind in self.kinds.items() if kind != databases.NONE]

    @property
    def renamings(self) -> list[tuple[Path, Path]]:
        """What is staged and where it belongs, in order: the lakehouse last, without which nobody asks for the rest."""
        named = [self.database(name) for name in self._databases]
        local = [
            Path(self.to.folders[part])
            for part in (LANDING, ARTIFACTS, CALLS, LAKEHOUSE)
            if not object_store.is_address(self.to.folders[part])
        ]
        return [(Path(f"{place}{STAGED}"), place) for place in (*named, *local)]

    def expect_empty(self, at_addresses: bool) -> None:
        """Nothing where every place is empty, or not there.

        Args:
            at_addresses: whether places at addresses are looked at too: they have files of a restore that goes on.

        Raises:
            RestoreRefused: naming those that are not.
        """
        taken = [
            location
            for location in self.to.folders.values()
            if (at_addresses or not object_store.is_address(location)) and not files.is_empty(location, UNIMPORTANT)
        ]
        taken += [str(file) for name in self._databases for file in _with_logs(self.database(name)) if file.exists()]
        if taken:
            raise _taken(taken)

    def expect_renamed(self) -> None:
        """Nothing where every place of files is a folder that another one can take the place of, or is not there.

        Raises:
            RestoreRefused: naming those that are a link or the root of a disk.
        """
        fixed = [
            f"{place} ({'a link' if place.is_symlink() else 'the root of a disk'})"
            for _, place in self.renamings
            if place.is_symlink() or place.is_mount()
        ]
        if fixed:
            raise RestoreRefused(
                f"restore: expected folders, which are replaced when all is there, found {', '.join(fixed)}; have the settings "
                "name a folder in it, or restore below another folder: --into FOLDER"
            )

    def remove_staged(self) -> None:
        """Remove what an earlier try has staged."""
        for staged, _ in self.renamings:
            if staged.is_dir():
                shutil.rmtree(staged)
            else:
                staged.unlink(missing_ok=True)

    def show(self) -> None:
        """Give everything that is staged its name. Repeating it goes on where it stopped.

        Raises:
            RestoreRefused: when a database has come to be in the meantime, which would be lost.
        """
        waiting = [place for staged, place in self.renamings if staged.is_file()]
        if made := [str(file) for place in waiting for file in _with_logs(place) if file.exists()]:
            raise _taken(made)
        for staged, place in self.renamings:
            if not staged.exists():
                continue
            if place.is_dir() and staged.is_dir():
                for name in UNIMPORTANT:
                    shutil.rmtree(place / name, ignore_errors=True)
                _remove_empty(place)
            staged.rename(place)


def _with_logs(database: Path) -> list[Path]:
    """A database, and what SQLite reads beside it: the log of another one would be taken for its own."""
    return [database, *(database.with_name(f"{database.name}{ending}") for ending in LOGS)]


def _taken(places: list[str]) -> RestoreRefused:
    return RestoreRefused(
        f"restore: expected empty places, found files in {', '.join(places)}; stop what uses them and move them away, or restore "
        "below another folder: --into FOLDER"
    )


def _remove_empty(folder: Path) -> None:
    for child in folder.iterdir():
        _remove_empty(child)
    folder.rmdir()
