"""A subject's rows in the landing zone: its files are written again without them, and the ledger learns their new digests.

The ledger's line comes first: should the run be killed between the two, the next one writes the same bytes. The delivery stays the
same delivery, so ingest finds nothing new. An object is put in the place of the one that was there, and so has landed now: among
deliveries of its day that have not been taken in it is the last.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.erase import landed_rows, parquet_files, text_files
from jobs.erase.landed_rows import Found
from jobs.erase.subject import Subject
from jobs.ingest import landing, pieces
from lakehouse import landed_files, settings
from lakehouse.errors import NightjarError
from lakehouse.ops import deliveries
from lakehouse.storage import places

NAME = "landing"
# Hidden, so that no reader takes it for a delivery.
WRITING = ".erasing"
# The rest of a killed extraction.
PARTIAL = ".partial"


@dataclass(frozen=True)
class LandingZone:
    """The landed files of the subject's source."""

    subject: Subject
    now: dt.datetime

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return places.of(settings.load().landing_root) / self.subject.source.name

    def found(self) -> Mapping[str, int]:
        """Rows in files that have landed."""
        return {f"{NAME} rows": sum(found.rows for _, found in self._files())}

    def take_out(self) -> list[str]:
        """Write the files that have rows of the subject again; those that can't be are named."""
        left = list(self._sweep())
        by_folder: dict[tuple[Path, str], dict[Path, Found]] = {}
        for file, found in self._files():
            day = file.parent.name if file.parent != self.folder else file.name.partition(".")[0]
            by_folder.setdefault((file.parent, day), {})[file] = found
        for (_, day), files in sorted(by_folder.items()):
            broken = {file: found.broken for file, found in files.items() if found.broken}
            left += [
                f"{file}: it can't be taken apart ({why}) and may have it: take it out by hand"
                for file, why in broken.items()
            ]
            whole = {file: found for file, found in files.items() if file not in broken}
            try:
                self._rewrite(day, whole)
            except OSError as error:
                left.append(f"{error.filename or self.folder}: it can't be written again: {error.strerror or error}")
            except (NightjarError, text_files.NotTheSame) as error:
                left.append(f"{self.folder / day}: {error}")
        return left

    def _files(self) -> Iterator[tuple[Path, Found]]:
        """The files that have something of the subject, in the order of their names; unfinished folders too."""
        if not self.folder.is_dir():
            return
        files = [
            *self.folder.iterdir(),
            *(file for one in self.folder.iterdir() if one.is_dir() for file in one.iterdir()),
        ]
        for file in sorted(files):
            if file.is_file() and landed_files.is_data(file.name):
                found = landed_rows.find(file, self.subject)
                if found.rows or found.broken:
                    yield file, found

    def _rewrite(self, day: str, files: Mapping[Path, Found]) -> None:
        written = {}
        with tempfile.TemporaryDirectory(prefix="nightjar-erasing-") as workplace:
            try:
                for number, (file, found) in enumerate(files.items()):
                    beside = file.with_name(f".{file.name}{WRITING}")
                    target = beside if places.is_local(file) else Path(workplace) / str(number)
                    written[file] = target
                    self._write(file, target, found)
                self._tell_ledger(day, {file: _sha256(target) for file, target in written.items()})
                for file, target in written.items():
                    _put(file, target)
            finally:
                for target in written.values():
                    target.unlink(missing_ok=True)

    def _write(self, file: Path, target: Path, found: Found) -> None:
        if pieces.kind_of(file.name) == "parquet":
            parquet_files.write_without(file, target, parquet_files.numbered(found.lines))
        else:
            extracted = pieces.kind_of(file.name) == "jsonl" and text_files.is_extracted(file)
            text_files.write_without(file, target, found.lines, self.subject.source.format.encoding, extracted)
        if places.is_local(file):
            with contextlib.suppress(PermissionError):
                owner = file.stat()
                os.chown(target, owner.st_uid, owner.st_gid)
            _sync(target)

    def _tell_ledger(self, day: str, new: Mapping[Path, str]) -> None:
        """Give the ledger's lines of the delivery the digest that its bytes are about to have."""
        try:
            partition = dt.date.fromisoformat(day)
        except ValueError:
            return
        lines = deliveries.lines_of([self.subject.source.name], partition, partition)
        changed = []
        for item in landing.landed(self.subject.source, [partition], self.now):
            if not new.keys() & item.files.keys():
                continue
            after = landing.checksum_of(
                {file: new.get(file, digest) for file, digest in item.files.items()}, item.folder
            )
            changed += [
                replace(line, checksum=after)
                for line in lines
                if (line.origin, line.checksum) == (item.delivery.origin, item.delivery.checksum)
            ]
        deliveries.record(changed)

    def _sweep(self) -> Iterator[str]:
        """Remove what killed writers have left; what one still writes is named. In an object store they leave nothing."""
        if not places.is_local(self.folder) or not self.folder.is_dir():
            return
        for file in sorted(self.folder.rglob(f".*{WRITING}")):
            file.unlink()
        for file in sorted(self.folder.rglob(f".*{PARTIAL}")):
            with file.open("ab") as opened:
                try:
                    fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    file.unlink(missing_ok=True)
                except BlockingIOError:
                    yield f"{file}: an extraction is writing it: run again when it has ended"


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _put(file: Path, target: Path) -> None:
    """Put ``target`` in the place of a landed file."""
    if not places.is_local(file):
        places.put(file, target)
        return
    shutil.copystat(file, target)
    target.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
