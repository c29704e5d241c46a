"""Writing the folder of a version: made beside its place, and renamed when it is whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.release import manifest, shards
from jobs.release.card import page
from jobs.release.gate import Finding
from jobs.release.gathering import Version
from lakehouse.corpus import manifest_text, publication
from lakehouse.corpus.publication import CARD, DATA, MANIFEST
from lakehouse.declaration.dataset_split import SPLITS
from lakehouse.errors import VersionChanged
from lakehouse.metering import written

# Drafts begin with it: none is a version, whatever becomes of its writer.
DRAFT = ".draft-"


def write(made: Version, findings: Sequence[Finding], place: Path) -> dict[str, Any]:
    """Write the version's folder and return its manifest. Who calls it is alone with the dataset's folder.

    Raises:
        VersionChanged: when another program has put something in its place meanwhile.
    """
    base = place.parent
    sweep(base)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=base))
    try:
        said = fill(made, findings, draft)
        # What mkdtemp makes is for one person's eyes.
        draft.chmod(0o777 & ~_umask())
        try:
            # Onto a folder that has anything in it, and onto a file, no rename succeeds.
            draft.rename(place)
        except OSError as error:
            raise VersionChanged(
                f"{place}: expected nothing there, found what was not published from here ({error.strerror}); move it away and "
                "run the release again"
            ) from error
        _to_disk(base)
        written.file(sum(file.stat().st_size for file in place.rglob("*") if file.is_file()))
        return said
    finally:
        if draft.exists():
            shutil.rmtree(draft)


def fill(made: Version, findings: Sequence[Finding], folder: Path) -> dict[str, Any]:
    """Write the files of the version into an empty folder, and return its manifest."""
    files: list[Path] = []
    for split in SPLITS:
        rows, size = made.scan.rows.get(split, 0), made.scan.bytes.get(split, 0)
        files += shards.write(made.examples, split, rows, size, folder / DATA)
    (folder / CARD).write_text(page.page(made, findings), encoding="utf-8")
    files.append(folder / CARD)
    for name in made.own_prompts:
        # A prompt may have the name of another file here: it is the other file that readers look for.
        target = folder / (name if name not in (CARD, MANIFEST, DATA) else f"prompt-{name}")
        target.write_bytes((made.folder / name).read_bytes())
        files.append(target)
    said = manifest.with_files(manifest.content(made, findings), folder, files)
    (folder / MANIFEST).write_text(manifest_text.written(said), encoding="utf-8")
    for file in (*files, folder / MANIFEST, folder / DATA, folder):
        _to_disk(file)
    return said


def sweep(base: Path) -> None:
    """Remove what writers left that were killed."""
    for left in base.glob(f"{DRAFT}*"):
        shutil.rmtree(left)


def present(place: Path, content_digest: str, manifest_digest: str | None) -> Mapping[str, Any] | None:
    """The manifest of the version that is published at a place, after a look at every file; None: nothing is there.

    Args:
        place: of the version.
        content_digest: of its examples, as the log has it.
        manifest_digest: SHA-256 of its manifest, where the log has it.

    Raises:
        VersionChanged: when something else is there, or it was changed.
    """
    if not place.exists() and not place.is_symlink():
        return None
    if place.is_dir() and not any(place.iterdir()):
        return None
    if not place.is_dir():
        raise VersionChanged(f"{place}: expected a folder, found a file; move it away and run the release again")
    said = publication.manifest(place)
    if said.get("content_digest") != content_digest:
        raise VersionChanged(
            f"{place}: expected the examples with the digest {content_digest[:12]} that ops.dataset_versions has, found a manifest "
            f"of {str(said.get('content_digest'))[:12]}: it is of another lakehouse or another dataset; move it away, or declare "
            "another publish.folder, and run the release again"
        )
    lines = publication.changes(place, said["files"])
    if manifest_digest is not None and (found := publication.file_digest(place / MANIFEST)) != manifest_digest:
        lines.append(f"{MANIFEST}: expected SHA-256 {manifest_digest[:12]}, found {found[:12]}")
    if lines:
        raise VersionChanged(
            f"{place}: expected the files as they were published, found: {'; '.join(lines)}; move the folder away and run the "
            "release again: it is written anew"
        )
    return said


def _umask() -> int:
    """What this process takes from the rights of new files: only by setting it can it be asked."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _to_disk(path: Path) -> None:
    """Have it on the disk, before anything says that it is there."""
    if not path.exists():
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
