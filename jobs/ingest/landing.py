"""What lies in the landing zone: which files are deliveries of which days."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from lakehouse import ledger, settings
from lakehouse.declaration import Source
from lakehouse.errors import DeliveryMissing, DeliveryRejected

ENDINGS = (".csv", ".csv.gz")


@dataclass(frozen=True)
class Landed:
    """One file that was delivered for one day."""

    partition: dt.date
    file: Path
    checksum: str
    delivery_id: str


def landed(source: Source, days: list[dt.date]) -> list[Landed]:
    """The deliveries of these days.

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
            found.append(_landed(source, day, file))
    if missing and source.cadence == "daily":
        shown = ", ".join(str(day) for day in missing[:5]) + (
            f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        )
        raise DeliveryMissing(
            f"source {source.name}: expected a delivery {folder}/YYYY-MM-DD.csv for each day asked for, found none for {shown}; "
            "nothing was taken in: run again when it has landed"
        )
    return found


def _landed(source: Source, day: dt.date, file: Path) -> Landed:
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
    return Landed(day, file, checksum, ledger.delivery_id(source.name, day, checksum))
