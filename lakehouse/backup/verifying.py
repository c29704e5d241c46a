"""Whether every byte of a backup is there, as it was taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from lakehouse.backup.manifest import Manifest, SavedFile
from lakehouse.backup.store import Store, explained
from lakehouse.errors import BackupIncomplete

AT_ONCE = 4
SHOWN = 3
# What to do: of a backup that was taken, and of one that is being taken.
RESTORE_ANOTHER = "restore an earlier one (--at ID), and take a new one to another place"
TAKE_AGAIN = "another backup to this place has removed earlier ones meanwhile: run the same command again"


def expect_present(store: Store, manifest: Manifest, what_to_do: str = RESTORE_ANOTHER) -> None:
    """Nothing where all files of a backup are there with their sizes; no file is read.

    Args:
        store: where it lies.
        manifest: the backup.
        what_to_do: otherwise, for people.

    Raises:
        BackupIncomplete: naming some that are not.
    """
    there = store.sizes()
    gone = [file for file in manifest.files if there.get(file.sha256) != file.size]
    _refuse(manifest, gone, "gone, or of another size", what_to_do)


def verify(store: Store, manifest: Manifest) -> int:
    """Read all files of a backup; how many there are, those with the same bytes counted once.

    Raises:
        BackupIncomplete: naming some that are gone or damaged.
    """
    expect_present(store, manifest)
    by_digest = {file.sha256: file for file in manifest.files}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        right = pool.map(lambda digest: _is_right(store, digest), by_digest)
        _refuse(
            manifest,
            [file for file, whole in zip(by_digest.values(), right, strict=True) if not whole],
            "damaged",
            RESTORE_ANOTHER,
        )
    return len(by_digest)


def _is_right(store: Store, digest: str) -> bool:
    read = hashlib.sha256()
    with explained(store.place):
        for content in store.read(digest):
            read.update(content)
    return read.hexdigest() == digest


def _refuse(manifest: Manifest, wrong: Iterable[SavedFile], how: str, what_to_do: str) -> None:
    listed = list(wrong)
    if not listed:
        return
    shown = ", ".join(f"{file.part}/{file.path}" for file in listed[:SHOWN])
    raise BackupIncomplete(
        f"backup {manifest.id}: expected its {len(manifest.files)} files as they were taken, found {len(listed)} {how}, "
        f"such as {shown}; {what_to_do}"
    )
