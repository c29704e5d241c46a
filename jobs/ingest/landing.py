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

    They differ: the ledger's ``origin`` is the path of a file that somebody delivered, and the query window of one that was
    extracted.
    """

    file: Path
    delivery: Delivery

    @property
    def id(self) -> str:
        """The delivery's identity."""
        return self.delivery.delivery_id


def landed(source: Source, days: list[dt.date], now: dt.datetime) -> list[Landed]:
    """The deliveries of these days as they lie in the landing zone ``now``, not counted yet.

    Raises:
        DeliveryMissing: when a source that delivers daily has none for some day.
    """
    folder = Path(settings.load().landing_root) / source.name
    files = {day: [path for ending in ENDINGS if (path := folder / f"{day}{ending}").is_file()] for day in days}
    missing = [day for day in days if not files[day]]
    if missing and source.cadence == "daily":
        shown = ", ".join(str(day) for day in missing[:5]) + (
            f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        )
        raise DeliveryMissing(
            f"source {source.name}: expected a delivery {folder}/YYYY-MM-DD.csv or .jsonl, plain or .gz, for each day asked "
            f"for, found none for {shown}; nothing was taken in: run again when it has landed"
        )
    return [_landed(source, day, path, now) for day in days for path in files[day]]


def identified(files: Iterable[Landed], ledger: Iterable[Delivery]) -> list[Landed]:
    """The files under the identity that the ledger has of their deliveries.

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


def _landed(source: Source, day: dt.date, file: Path, now: dt.datetime) -> Landed:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DeliveryRejected(
            f"source {source.name}: {file} can't be read: {error.strerror}; make it readable and run again"
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
            # The parser reports what is wrong with it.
            pass
    return str(file)
