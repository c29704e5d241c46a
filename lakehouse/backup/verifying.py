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


def expect_present(store: Store, manifest: Manifest) -> None:
    """Nothing where all files of a backup are there with their sizes; no file is read.

    Raises:
        BackupIncomplete: naming some that are not.
    """
    there = store.sizes()
    _refuse(
        manifest, [file for file in manifest.files if there.get(file.sha256) != file.size], "gone, or of another size"
    )


def verify(store: Store, manifest: Manifest) -> int:
    """Read all files of a backup; how many there are, those with the same bytes counted once.

    Raises:
        BackupIncomplete: naming some that are gone or damaged.
    """
    expect_present(store, manifest)
    by_digest = {file.sha256: file for file in manifest.files}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        right = pool.map(lambda digest: _is_right(store, digest), by_digest)
        _refuse(manifest, [file for file, whole in zip(by_digest.values(), right, strict=True) if not whole], "damaged")
    return len(by_digest)


def _is_right(store: Store, digest: str) -> bool:
    read = hashlib.sha256()
    with explained(store.place):
        for content in store.read(digest):
            read.update(content)
    return read.hexdigest() == digest


def _refuse(manifest: Manifest, wrong: Iterable[SavedFile], how: str) -> None:
    listed = list(wrong)
    if not listed:
        return
    shown = ", ".join(f"{file.part}/{file.path}" for file in listed[:SHOWN])
    raise BackupIncomplete(
        f"backup {manifest.id}: expected its {len(manifest.files)} files as they were taken, found {len(listed)} {how}, "
        f"such as {shown}; "
        "restore an earlier one (--at ID), and take a new one to another place"
    )
