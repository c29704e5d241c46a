"""Where versions of a dataset are published: a folder each, ``<folder>/v<version>``, whose manifest tells whether it is whole.

- ``README.md``: the card.
- ``manifest.json``: what the version is made of, and the SHA-256 of every other file.
- ``data/train-00000-of-00001.parquet``: the examples of a split; a split without examples has no file.
- the prompt, where a service answered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakehouse import settings
from lakehouse.declaration import Dataset
from lakehouse.errors import DeclarationError, VersionChanged
from lakehouse.storage import file_locks

MANIFEST, CARD, DATA = "manifest.json", "README.md", "data"
# Beside the versions: a publisher that writes or changes one holds it.
LOCK = ".lock"


def base(dataset: Dataset) -> Path:
    """The folder that has a folder for each version.

    Raises:
        DeclarationError: when it would lie in an object store, where no folder can be renamed.
    """
    declared, root = dataset.publish.folder, settings.load().lakehouse_root
    place = f"{root.rstrip('/')}/datasets/{dataset.name}" if declared is None else declared
    if "://" not in place and not Path(place).is_absolute():
        place = f"{root.rstrip('/')}/{place}"
    if "://" in place:
        raise DeclarationError(
            f"dataset {dataset.name}: publish.folder: expected a folder of this machine, found {place}; the lakehouse is in an "
            "object store, so declare an absolute path of a disk that stays"
        )
    return Path(place)


def place(dataset: Dataset, version: int) -> Path:
    """The folder of a version."""
    return base(dataset) / f"v{version}"


@contextmanager
def alone(dataset: Dataset) -> Iterator[None]:
    """No other process writes or changes a version of the dataset meanwhile; this one waits until that is so."""
    with file_locks.locked(base(dataset) / LOCK):
        yield


def manifest(folder: Path) -> dict[str, Any]:
    """What the manifest of a published folder says.

    Raises:
        VersionChanged: when it has none that can be read.
    """
    file = folder / MANIFEST
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise VersionChanged(
            f"{file}: expected the manifest of a published version, found {type(error).__name__}; what is in {folder} was not "
            "published from here: move it away and run the release again"
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        raise VersionChanged(
            f"{file}: expected the manifest of a published version, found other content; move {folder} away and run the release "
            "again"
        )
    return found


def changes(folder: Path, files: dict[str, Any]) -> list[str]:
    """What in a published folder is not as its manifest says, a line a file; empty: all is.

    Args:
        folder: of a version.
        files: the manifest's, by their paths in the folder.
    """
    present = {str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir()}
    lines = [f"{name}: expected a file, found none" for name in sorted(files.keys() - present)]
    lines += [f"{name}: expected no such file" for name in sorted(present - files.keys() - {MANIFEST})]
    for name in sorted(files.keys() & present):
        if (found := file_digest(folder / name)) != files[name]["sha256"]:
            lines.append(f"{name}: expected SHA-256 {files[name]['sha256'][:12]}, found {found[:12]}")
    return lines


def file_digest(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
