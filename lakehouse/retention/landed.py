"""What lies in the landing zone of a source, by day, and whether the ledger has it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyarrow import fs

from lakehouse import landed_files, settings
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.retention.days import DaySize
from lakehouse.storage import stored_files

# A file, or one in a day's folder.
FOLDER_DEPTH = 2


@dataclass(frozen=True)
class LandedDay:
    """The files of a day in the landing zone.

    Attributes:
        paths: of each, for the file system of the landing zone.
        size: of all.
        newest: when the last of them was written.
    """

    paths: tuple[str, ...]
    size: DaySize
    newest: dt.datetime


def landed(source: str) -> Mapping[dt.date, LandedDay]:
    """What lies there of a source, by day; hidden files, and those whose names are no day, are not looked at."""
    filesystem, root = stored_files.filesystem_of(_place(source))
    selector = fs.FileSelector(root, recursive=True, allow_not_found=True)
    found: dict[dt.date, LandedDay] = {}
    for info in filesystem.get_file_info(selector):
        name = info.path.removeprefix(f"{root.rstrip('/')}/").split("/")[0]
        day = _day(name)
        if info.type != fs.FileType.File or day is None:
            continue
        size = DaySize(files=1, bytes=info.size)
        before = found.get(day, LandedDay((), DaySize(), info.mtime))
        found[day] = LandedDay((*before.paths, info.path), before.size + size, max(before.newest, info.mtime))
    return found


def not_taken_in(source: str, files: Mapping[dt.date, LandedDay]) -> set[dt.date]:
    """The days with files that the ledger may not have: nothing of the day was ingested, the last of it was refused, or a file was
    written after the day was taken in.
    """
    by_day: dict[dt.date, list[Delivery]] = {}
    for line in deliveries.lines_of([source]):
        by_day.setdefault(line.partition, []).append(line)
    waiting = set()
    for day, of_day in files.items():
        lines = by_day.get(day, [])
        whole = lines and lines[-1].status == deliveries.INGESTED and of_day.newest <= lines[-1].ingested_at
        if not whole:
            waiting.add(day)
    return waiting


def unknown(source: str, files: Mapping[dt.date, LandedDay], days: Collection[dt.date]) -> set[dt.date]:
    """Those of some days with a delivery whose very bytes the ledger does not have as taken in: read to the end.

    When a file was written says little of when it landed: a copy may keep the time of what it is of.
    """
    if not days:
        return set()
    filesystem, root = stored_files.filesystem_of(_place(source))
    known: dict[dt.date, set[str]] = {}
    for line in deliveries.lines_of([source], min(days), max(days)):
        if line.status == deliveries.INGESTED:
            known.setdefault(line.partition, set()).add(line.checksum)
    return {
        day
        for day in days
        if any(one not in known.get(day, set()) for one in _checksums(filesystem, root, files[day].paths))
    }


def _checksums(filesystem: fs.FileSystem, root: str, paths: Collection[str]) -> list[str]:
    """The digests of the deliveries that these files are: each by itself, or a day's folder of them."""
    found, of_folder = list[str](), dict[str, str]()
    for path in sorted(paths):
        within = path.removeprefix(f"{root.rstrip('/')}/").split("/")
        if landed_files.is_data(within[-1]) and len(within) <= FOLDER_DEPTH:
            digest = _sha256(filesystem, path)
            if len(within) == 1:
                found.append(landed_files.checksum_of({within[0]: digest}, folder=False))
            else:
                of_folder[within[-1]] = digest
    return [*found, landed_files.checksum_of(of_folder, folder=True)] if of_folder else found


def _sha256(filesystem: fs.FileSystem, path: str) -> str:
    digest = hashlib.sha256()
    for content in stored_files.chunks(filesystem, path):
        digest.update(content)
    return digest.hexdigest()


def _place(source: str) -> str:
    return f"{settings.load().landing_root}/{source}"


def _day(name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(name[:10]) if name[10:11] in ("", ".") else None
    except ValueError:
        return None
