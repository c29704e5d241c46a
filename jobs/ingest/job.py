"""Ingest: landing -> bronze -> silver and rejects -> ledger, for one source and one day or a range."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from jobs.ingest import bronze, contract_fit, silver
from jobs.ingest.arguments import IngestArguments
from jobs.ingest.delivery_errors import CHANGED
from jobs.ingest.landing import Landed, identified, in_order, landed
from jobs.ingest.silver import Refined
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import Source, loader
from lakehouse.errors import DeliveryChanged, DeliveryMissing, DeliveryRejected, RetentionRefused
from lakehouse.ops import contracts, deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.staleness.expired import Expired

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class IngestResult(Result):
    """How many deliveries, what became of their rows, and which columns the contract does not know.

    ``to_restate`` are the use cases that read the source, where a day had a delivery before: what they made of it may be stale.
    """

    deliveries: int
    delivered_rows: int = 0
    accepted_rows: int = 0
    rejected_rows: int = 0
    duplicate_rows: int = 0
    new_columns: list[str] = field(default_factory=list)
    to_restate: list[str] = field(default_factory=list)


def run(arguments: IngestArguments) -> IngestResult:
    """Take in what has landed for the days; what the ledger has already is left alone.

    Raises:
        DeliveryRejected: when a delivery as a whole breaks the contract; it is in the ledger as refused, silver untouched.
    """
    owner, source = loader.by_source(arguments.source)
    days, now = arguments.days, dt.datetime.now(dt.UTC)
    known = deliveries.lines_of([source.name], days[0], days[-1])
    ledger = {line.delivery_id: line for line in known}
    ingested = {identity for identity, line in ledger.items() if line.status == deliveries.INGESTED}
    gone = Expired()
    found = identified(_landed(source, days, now, gone, known), known)
    new = in_order([item for item in found if item.id not in ingested], known, now)
    if arguments.force:
        # A delivery that is taken in again keeps its place in the order of arrival.
        new += [replace(item, delivery=ledger[item.id]) for item in found if item.id in ingested]
    if not new:
        return IngestResult(status="unchanged" if found else "none", deliveries=len(found))

    _expect_kept(source, gone, [item.delivery.partition for item in new] if not arguments.force else [])
    contract_fit.expect(source)
    contracts.record(source, arguments.actor)
    bronze.write(source, new)
    zone = ZoneInfo(owner.calendar.timezone)
    refined = silver.refine(source, zone, [item.delivery for item in new], ingested, arguments.any_volume)
    if refined.new_columns:
        log.warning(
            "source %s: new column(s) %s: kept in bronze, in `extra`, and not in silver: declare them to use them",
            source.name,
            ", ".join(refined.new_columns),
        )
    if refined.refusals:
        raise _refused(source, refined)
    message = _kept_out(source, refined.kept_out)
    return replace(_result(refined), message=message, to_restate=_to_restate(source, refined, known))


def _landed(
    source: Source, days: list[dt.date], now: dt.datetime, gone: Expired, known: list[Delivery]
) -> list[Landed]:
    """What has landed. A day that was taken in, and whose files retention took then, has not failed to land."""
    taken_in = {line.partition for line in known if line.status == deliveries.INGESTED}
    away = {day for day in days if day in taken_in and gone.landed(source.name, day)}
    found = landed(source, [day for day in days if day not in away], now)
    for day in sorted(away):
        # Corrections may have landed since.
        with suppress(DeliveryMissing):
            found += landed(source, [day], now)
    return found


def _expect_kept(source: Source, gone: Expired, days: list[dt.date]) -> None:
    """Refuse deliveries of days whose earlier rows are gone: what remains of the day would be this delivery alone."""
    lost = [
        day for day in days if any(gone.has(table, day) for table in (tables.silver(source), tables.bronze(source)))
    ]
    if lost:
        raise RetentionRefused(
            f"source {source.name}: expected a delivery of a day that is kept, found one of {lost[0]}, whose earlier rows "
            "retention "
            "took; nothing was taken in: --force takes it in as all rows of that day"
        )


def _kept_out(source: Source, rows: int) -> str:
    """What a person has to know of delivered rows of erased documents; empty where there are none."""
    if not rows:
        return ""
    told = (
        f"source {source.name}: {rows} row(s) of erased documents were delivered and kept out; the landed file still has them: "
        "erase them again, and ask their sender to leave them out"
    )
    log.warning("%s", told)
    return told


def _refused(source: Source, refined: Refined) -> DeliveryRejected | DeliveryChanged:
    """The error that names the refused deliveries and why; unless their bytes changed, they are in the ledger then."""
    lines = {line.delivery_id: line for line in refined.lines if line.status == deliveries.REFUSED}
    changed = [lines[identity].origin for identity, why in refined.refusals.items() if why.startswith(CHANGED)]
    if changed:
        return DeliveryChanged(
            f"source {source.name}: expected {', '.join(changed)} to stay as it was while it was read, found other bytes: "
            "somebody delivered it again; nothing was taken in: run again"
        )
    deliveries.record(list(lines.values()))
    why = "; ".join(f"{lines[identity].origin}: {reason}" for identity, reason in refined.refusals.items())
    return DeliveryRejected(
        f"source {source.name}: {why}; silver is untouched: correct the delivery or the contract and run again"
    )


def _to_restate(source: Source, refined: Refined, known: list[Delivery]) -> list[str]:
    """The use cases whose days may be stale now, which are told; none where no day had a delivery before."""
    before = {line.partition for line in known if line.status == deliveries.INGESTED}
    corrected = sorted({line.partition for line in refined.lines} & before)
    names = [use_case.name for use_case in loader.readers(source)] if corrected else []
    if names:
        log.warning(
            "source %s: %d day(s) had a delivery before, the first %s: what %s made of them may be stale: restate lists and "
            "rebuilds it, for each",
            source.name,
            len(corrected),
            corrected[0],
            ", ".join(names),
        )
    return names


def _result(refined: Refined) -> IngestResult:
    lines = refined.lines
    return IngestResult(
        status="ingested",
        deliveries=len(lines),
        delivered_rows=sum(line.delivered_rows for line in lines),
        accepted_rows=sum(line.accepted_rows for line in lines),
        rejected_rows=sum(line.rejected_rows for line in lines),
        duplicate_rows=sum(line.duplicate_rows for line in lines),
        new_columns=refined.new_columns,
    )
