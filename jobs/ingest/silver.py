"""From bronze to silver: deliveries are checked, silver and the rejects are written, and the ledger counts every row.

The order of the commits makes a kill harmless: the ledger's lines come last, so a delivery without one is simply taken in
again, and each commit before them replaces what a half-done attempt left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from jobs.ingest import checked_days
from jobs.ingest.checked_days import CheckedDays
from jobs.ingest.delivery_checks import ledger_lines, refusals_of
from lakehouse.declaration import Source
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery


@dataclass(frozen=True)
class Refined:
    """Deliveries whose rows were checked.

    Attributes:
        lines: the ledger's line of each, ingested or refused.
        refusals: why a delivery as a whole is refused, by its id. Where there is one, nothing was written.
        new_columns: names of columns that the contract does not know; they stay in bronze.
        kept_out: rows of erased documents, of which their places alone are in bronze.
    """

    lines: list[Delivery]
    refusals: dict[str, str]
    new_columns: list[str]
    kept_out: int = 0


def refine(
    source: Source,
    zone: ZoneInfo,
    arrived: Collection[Delivery],
    others: Collection[str] = (),
    any_volume: bool = False,
    only_changed: bool = False,
) -> Refined:
    """Check deliveries and write the silver rows, the rejects and the ledger's lines of their days.

    Args:
        source: the contract.
        zone: of the calendar.
        arrived: the deliveries, all of whose rows are in bronze.
        others: ids of further deliveries of the same days whose rows count.
        any_volume: somebody looked at the number of rows and says that it is right.
        only_changed: leave days alone on which the ledger's lines stay as ``arrived`` has them.
    """
    counted = {*others, *(item.delivery_id for item in arrived)}
    checked = checked_days.check(source, zone, {item.partition for item in arrived}, counted)
    refusals = refusals_of(source, arrived, checked.counts, any_volume)
    lines = ledger_lines(arrived, checked.counts, refusals)
    new = {name for item in arrived if (found := checked.counts.get(item.delivery_id)) for name in found.new_columns}
    out = sum(found.kept_out for item in arrived if (found := checked.counts.get(item.delivery_id)))
    refined = Refined(lines, refusals, sorted(new - source.document_fields), out)
    days = {line.partition for line, before in zip(lines, arrived, strict=True) if line != before or not only_changed}
    if not refusals and days:
        write(checked, lines, days)
        _reconcile_concurrent(source, zone, days, counted)
    return refined


def write(checked: CheckedDays, lines: Collection[Delivery], days: Collection[dt.date]) -> None:
    """Replace silver and the rejects of these days with the checked rows, and then the lines of the ledger."""
    checked.write(days)
    deliveries.record([line for line in lines if line.partition in days])


def _reconcile_concurrent(source: Source, zone: ZoneInfo, days: Collection[dt.date], counted: Iterable[str]) -> None:
    """Check days again whose ledger has deliveries that another run took in at the same time.

    Two runs that take in two deliveries of one day do not see each other's rows, and the later commit to silver would be
    without the other's. Each looks at the ledger after it wrote its own lines: the last to write sees both.

    Args:
        source: the contract.
        zone: of the calendar.
        days: the days that were written.
        counted: ids of the deliveries whose rows were counted in what was written.
    """
    seen = set(counted)
    while True:
        ingested = [
            line
            for line in deliveries.lines_of([source.name], min(days), max(days))
            if line.partition in days and line.status == deliveries.INGESTED
        ]
        missed = {line.partition for line in ingested if line.delivery_id not in seen}
        if not missed:
            return
        lines = [line for line in ingested if line.partition in missed]
        checked = checked_days.check(source, zone, missed, {line.delivery_id for line in lines})
        write(checked, ledger_lines(lines, checked.counts, refusals_of(source, lines, checked.counts, True)), missed)
        seen.update(line.delivery_id for line in lines)
