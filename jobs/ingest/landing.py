"""What lies in the landing zone: which files are deliveries of which days."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lakehouse import fingerprints, settings
from lakehouse.declaration import Source
from lakehouse.errors import DeliveryMissing, DeliveryRejected
from lakehouse.extraction import envelope
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery

ENDINGS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
# Characters of a first line that are looked at: a document may be megabytes.
FIRST_LINE = 2_000


@dataclass(frozen=True)
class Landed:
    """A file in the landing zone, and the ledger's line of it.

    The two are told apart because the ledger's ``origin`` is the file for a file that somebody delivered, and the query
    window for one that was extracted.
    """

    file: Path
    delivery: Delivery

    @property
    def id(self) -> str:
        """The delivery's identity."""
        return self.delivery.delivery_id


def landed(source: Source, days: list[dt.date], now: dt.datetime) -> list[Landed]:
    """The deliveries of these days as they lie there ``now``, not counted yet.

    Raises:
        DeliveryMissing: when a source that delivers daily has none for some day.
    """
    folder = Path(settings.load().landing_root) / source.name
    found: list[Landed] = []
    missing: list[dt.date] = []
    for day in days:
        files = [folder / f"{day}{ending}" for ending in ENDINGS if (folder / f"{day}{ending}").is_file()]
        if not files:
            missing.append(day)
        for file in files:
            found.append(_landed(source, day, file, now))
    if missing and source.cadence == "daily":
        shown = ", ".join(str(day) for day in missing[:5]) + (
            f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        )
        raise DeliveryMissing(
            f"source {source.name}: expected a delivery {folder}/YYYY-MM-DD.csv or .jsonl, plain or .gz, for each day asked "
            f"for, found none for {shown}; nothing was taken in: run again when it has landed"
        )
    return found


def recognized(found: Iterable[Landed], books: Iterable[Delivery]) -> list[Landed]:
    """The deliveries under the identity that the ledger knows them by.

    The same bytes are the same delivery. But where others of the same origin were taken in since, somebody has delivered the
    earlier ones again to take a correction back: that is a correction too, and gets an identity of its own.

    Args:
        found: what lies there.
        books: the ledger's lines of its days, in the order of their arrival.
    """
    lines = [line for line in books if line.status == deliveries.INGESTED]
    known = {line.delivery_id for line in lines}
    newest = {(line.partition, line.origin): line for line in lines}
    told = []
    for item in found:
        last, identity = newest.get((item.delivery.partition, item.delivery.origin)), item.id
        if last is not None and last.checksum == item.delivery.checksum:
            identity = last.delivery_id
        elif last is not None and identity in known:
            identity = fingerprints.digest(identity, last.delivery_id)
        told.append(replace(item, delivery=replace(item.delivery, delivery_id=identity)))
    return told


def _landed(source: Source, day: dt.date, file: Path, now: dt.datetime) -> Landed:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DeliveryRejected(
            f"source {source.name}: {file} can't be read: {error.strerror}; mend it and run again"
        ) from error
    checksum = digest.hexdigest()
    identity = deliveries.delivery_id(source.name, day, checksum)
    delivery = Delivery(source.name, identity, day, _origin(file), checksum, 0, 0, 0, 0, deliveries.LANDED, now)
    return Landed(file, delivery)


def _origin(file: Path) -> str:
    """The query window of an extracted file, as its first line says; of any other, its path."""
    if file.name.endswith((".jsonl", ".jsonl.gz")):
        opened = gzip.open if file.suffix == ".gz" else open
        try:
            with opened(file, "rt", encoding="utf-8", newline="\n") as lines:
                return envelope.origin(lines.readline(FIRST_LINE)) or str(file)
        except (OSError, EOFError, UnicodeDecodeError, zlib.error):
            # What is wrong with it, the parser says.
            pass
    return str(file)
