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
    def renamings(self) -> list[tuple[Path, Path]]:
        """What is staged and where it belongs, in order: the lakehouse last, without which nobody asks for the rest."""
        named = [self.database(name) for name, kind in self.kinds.items() if kind != databases.NONE]
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
        known = (self.database(name) for name, kind in self.kinds.items() if kind != databases.NONE)
        taken += [str(file) for file in known if file.exists()]
        if taken:
            raise RestoreRefused(
                f"restore: expected empty places, found files in {', '.join(taken)}; stop what uses them and move them "
                "away, or restore "
                "below another folder: --into FOLDER"
            )

    def remove_staged(self) -> None:
        """Remove what an earlier try has staged."""
        for staged, _ in self.renamings:
            if staged.is_dir():
                shutil.rmtree(staged)
            else:
                staged.unlink(missing_ok=True)

    def show(self) -> None:
        """Give everything that is staged its name. Repeating it goes on where it stopped."""
        for staged, place in self.renamings:
            if not staged.exists():
                continue
            if place.is_dir() and staged.is_dir():
                for name in UNIMPORTANT:
                    shutil.rmtree(place / name, ignore_errors=True)
                _remove_empty(place)
            staged.rename(place)


def _remove_empty(folder: Path) -> None:
    for child in folder.iterdir():
        _remove_empty(child)
    folder.rmdir()
