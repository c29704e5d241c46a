"""The ledger of deliveries, ``ops.deliveries``: what arrived, and how many of its rows were accepted and rejected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow.compute as pc

from lakehouse import fingerprints
from lakehouse.storage import arrow_dataset, commits, small_tables, sql_quoting
from lakehouse.tables import DELIVERIES

# The ledger's lines are ingested or refused; a delivery that has landed is not in the ledger yet.
LANDED = "landed"
INGESTED = "ingested"
REFUSED = "refused"


@dataclass(frozen=True)
class Delivery:
    """One line of the ledger; the fields are the table's columns."""

    source: str
    delivery_id: str
    partition: dt.date
    origin: str
    checksum: str
    delivered_rows: int
    accepted_rows: int
    rejected_rows: int
    duplicate_rows: int
    status: str
    ingested_at: dt.datetime

    def __post_init__(self) -> None:
        """Refuse a line that does not add up: a row would be lost or counted twice."""
        if self.delivered_rows != self.accepted_rows + self.rejected_rows + self.duplicate_rows:
            raise AssertionError(
                f"delivery {self.delivery_id} of {self.source}: expected delivered = accepted + rejected + duplicates, "
                f"found {self.delivered_rows} and {self.accepted_rows} + {self.rejected_rows} + {self.duplicate_rows}"
            )


def delivery_id(source: str, partition: dt.date, checksum: str) -> str:
    """The identity of a delivery: the same bytes for the same day are the same delivery, other bytes a correction."""
    return fingerprints.digest(source, partition.isoformat(), checksum)


def lines_of(sources: Iterable[str], first: dt.date | None = None, last: dt.date | None = None) -> list[Delivery]:
    """The ledger's lines for these sources and days, in the order of their arrival."""
    condition = arrow_dataset.among("source", sources)
    if first is not None:
        condition &= pc.field("partition") >= first
    if last is not None:
        condition &= pc.field("partition") <= last
    lines = [Delivery(**row) for row in small_tables.read(DELIVERIES, condition)]
    return sorted(lines, key=lambda line: (line.ingested_at, line.delivery_id))


def arrived(sources: Iterable[str], first: dt.date | None, last: dt.date) -> dict[tuple[str, dt.date], list[str]]:
    """The ingested deliveries by source and day, each as its id and its accepted rows, which a replay changes; sorted."""
    ingested: dict[tuple[str, dt.date], list[str]] = {}
    for line in lines_of(sources, first, last):
        if line.status == INGESTED:
            ingested.setdefault((line.source, line.partition), []).append(f"{line.delivery_id}/{line.accepted_rows}")
    return {key: sorted(ids) for key, ids in ingested.items()}


def record(lines: list[Delivery]) -> None:
    """Write the lines, all of one source, in one commit; lines of the same delivery are replaced."""
    if not lines:
        return
    ids = ", ".join(sql_quoting.literal(line.delivery_id) for line in lines)
    days = sql_quoting.days_condition({line.partition for line in lines})
    source = sql_quoting.literal(lines[0].source)
    commits.replace_rows(DELIVERIES, map(asdict, lines), f"source = {source} AND {days} AND delivery_id IN ({ids})")
