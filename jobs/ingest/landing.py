"""What lies in the landing zone: which files are deliveries of which days."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.ingest import day_folder
from lakehouse import fingerprints, landed_files, settings
from lakehouse.declaration import Source
from lakehouse.errors import DeliveryMissing, DeliveryRejected
from lakehouse.extraction import envelope
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import places, store_errors


@dataclass(frozen=True)
class Landed:
    """A delivery in the landing zone, and the ledger's line of it.

    They differ: the ledger's ``origin`` is the path of what somebody delivered, and the query window of what was extracted.

    Attributes:
        files: its files and their SHA-256, in the order of their names.
        delivery: not counted yet.
        landed_at: when the last of its files was written, in nanoseconds.
        folder: the day's folder, where it has several files.
    """

    files: Mapping[Path, str]
    delivery: Delivery
    landed_at: int
    folder: Path | None = None

    @property
    def id(self) -> str:
        """The delivery's identity."""
        return self.delivery.delivery_id


def landed(source: Source, days: list[dt.date], now: dt.datetime) -> list[Landed]:
    """The deliveries of these days as they lie in the landing zone ``now``, not counted yet.

    Those that have not been taken in are in the order in which they landed; of what landed at once the name decides.

    Raises:
        DeliveryMissing: when a source that delivers daily has none for some day.
    """
    folder = places.of(settings.load().landing_root) / source.name
    names = places.names_in(folder)
    found: dict[dt.date, list[Landed]] = {}
    for day in days:
        asked = [f"{day}{ending}" for ending in landed_files.ENDINGS if names is None or f"{day}{ending}" in names]
        found[day] = [_landed(source, day, [path], now) for name in asked if (path := folder / name).is_file()]
        if (names is None or str(day) in names) and (parts := day_folder.whole(source, folder / str(day))):
            found[day].append(_landed(source, day, parts, now, folder / str(day)))
    missing = [day for day in days if not found[day]]
    if missing and source.cadence == "daily":
        shown = ", ".join(str(day) for day in missing[:5]) + (
            f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        )
        raise DeliveryMissing(
            f"source {source.name}: expected a delivery {folder}/YYYY-MM-DD.csv, .jsonl (plain or .gz) or .parquet, or a whole "
            f"folder of that name, for each day asked for, found none for {shown}{day_folder.unfinished(source, folder, missing)}; "
            "nothing was taken in: run again when it has landed"
        )
    return [item for day in days for item in sorted(found[day], key=lambda one: (one.landed_at, one.delivery.origin))]


def in_order(new: Iterable[Landed], known: Iterable[Delivery], now: dt.datetime) -> list[Landed]:
    """New deliveries, each with an instant of arrival of its own: after all that are known, in the order given.

    Two that lie there together thus come in the same order as if each had been taken in when it landed.
    """
    latest = max((line.ingested_at for line in known), default=now)
    first = max(now, latest + dt.timedelta(microseconds=1))
    return [
        replace(item, delivery=replace(item.delivery, ingested_at=first + dt.timedelta(microseconds=number)))
        for number, item in enumerate(new)
    ]


def identified(files: Iterable[Landed], ledger: Iterable[Delivery]) -> list[Landed]:
    """The deliveries under the identity that the ledger has of them.

    The same bytes are the same delivery. But where others of the same origin were taken in since, somebody has delivered the
    earlier ones again to take a correction back: that is a correction too, and gets an identity of its own.

    Args:
        files: what lies in the landing zone.
        ledger: the ledger's lines of its days, in the order of their arrival.
    """
    lines = [line for line in ledger if line.status == deliveries.INGESTED]
    ingested = {line.delivery_id for line in lines}
    newest = {(line.partition, line.origin): line for line in lines}
    result = []
    for file in files:
        last, identity = newest.get((file.delivery.partition, file.delivery.origin)), file.id
        if last is not None and last.checksum == file.delivery.checksum:
            identity = last.delivery_id
        elif last is not None and identity in ingested:
            identity = fingerprints.digest(identity, last.delivery_id)
        result.append(replace(file, delivery=replace(file.delivery, delivery_id=identity)))
    return result


def checksum_of(files: Mapping[Path, str], folder: Path | None) -> str:
    """The digest of a delivery: of its file, or, where it is a folder, of the names and digests of all of them.

    Args:
        files: by their paths, in the order of their names, the SHA-256 of each.
        folder: None where it is one file.
    """
    return landed_files.checksum_of({file.name: digest for file, digest in files.items()}, folder is not None)


def _refuse_links_out(source: Source, files: Iterable[Path]) -> None:
    """Refuse a file that is a link to somewhere else: who delivers could have any file of this machine taken in, and read it after.

    The source's folder itself may be a link, which is the platform's own arrangement.

    Raises:
        DeliveryRejected: naming the file, and not where it leads.
    """
    folder = places.of(settings.load().landing_root) / source.name
    if not places.is_local(folder):
        return
    within = folder.resolve()
    for file in files:
        if not file.resolve().is_relative_to(within):
            raise DeliveryRejected(
                f"source {source.name}: {file}: expected a file in the landing folder, found a link that leads out of it; "
                "nothing was taken in: deliver the file itself"
            )


def _landed(source: Source, day: dt.date, files: list[Path], now: dt.datetime, folder: Path | None = None) -> Landed:
    _refuse_links_out(source, files)
    try:
        checksums = {file: _sha256(file) for file in files}
        landed_at = max(file.stat().st_mtime_ns for file in files)
    except OSError as error:
        if not places.is_local(files[0]) and (named := store_errors.named(error)) is not None:
            raise named from error
        raise DeliveryRejected(
            f"source {source.name}: {error.filename or files[0]} can't be read: {error.strerror}; make it readable and run again"
        ) from error
    checksum = checksum_of(checksums, folder)
    identity = deliveries.delivery_id(source.name, day, checksum)
    origin = str(folder) if folder is not None else _origin(files[0])
    delivery = Delivery(source.name, identity, day, origin, checksum, 0, 0, 0, 0, deliveries.LANDED, now)
    return Landed(checksums, delivery, landed_at, folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _origin(file: Path) -> str:
    """The query window of an extracted file, as its first line says; of any other, its path."""
    if file.name.endswith((".jsonl", ".jsonl.gz")):
        try:
            with file.open("rb") as opened:
                lines = gzip.GzipFile(fileobj=opened) if file.suffix == ".gz" else opened
                return envelope.origin(lines.readline(envelope.LONGEST).decode("utf-8")) or str(file)
        except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, zlib.error):
            # The parser reports what is wrong with it.
            pass
    return str(file)
