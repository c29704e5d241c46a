"""What lies in the landing zone: which files are deliveries of which days."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from lakehouse import ledger, settings
from lakehouse.declaration import Source
from lakehouse.errors import DeliveryMissing, DeliveryRejected
from lakehouse.ledger import Delivery

ENDINGS = (".csv", ".csv.gz")


def landed(source: Source, days: list[dt.date], now: dt.datetime) -> list[Delivery]:
    """The deliveries of these days as they lie there ``now``, not counted yet.

    Raises:
        DeliveryMissing: when a source that delivers daily has none for some day.
    """
    folder = Path(settings.load().landing_root) / source.name
    found: list[Delivery] = []
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
            f"source {source.name}: expected a delivery {folder}/YYYY-MM-DD.csv for each day asked for, found none for {shown}; "
            "nothing was taken in: run again when it has landed"
        )
    return found


def _landed(source: Source, day: dt.date, file: Path, now: dt.datetime) -> Delivery:
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
    identity = ledger.delivery_id(source.name, day, checksum)
    return Delivery(source.name, identity, day, str(file), checksum, 0, 0, 0, 0, ledger.LANDED, now)
