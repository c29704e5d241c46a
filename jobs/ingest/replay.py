"""Replay: check earlier deliveries against the contract as it is now; rows that pass move into silver, nothing twice."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from jobs.ingest import contract_fit, silver
from jobs.ingest.arguments import ReplayArguments
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import Source, loader
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import contracts, deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.staleness.expired import Expired

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ReplayResult(Result):
    """How many deliveries were checked again, the days that changed, and how many rows moved into silver."""

    deliveries: int
    days: int = 0
    partitions: list[dt.date] = field(default_factory=list)
    moved_rows: int = 0


def run(arguments: ReplayArguments) -> ReplayResult:
    """Replay all deliveries of the source, or those for the days from ``partition`` to ``through``, from bronze.

    A delivery that was refused is taken in when the contract now accepts it, and stays refused when it does not.

    Raises:
        DeliveryRejected: when the contract now refuses a delivery that is in silver; nothing is changed.
    """
    owner, source = loader.by_source(arguments.source)
    gone, raw = Expired(), tables.bronze(source)
    before = {
        line.delivery_id: line
        for line in deliveries.lines_of([source.name], arguments.partition, arguments.last)
        if not gone.has(raw, line.partition)
    }
    if not before:
        return ReplayResult(status="none", message="no delivery", deliveries=0)
    contract_fit.expect(source)
    contracts.record(source, arguments.actor)
    lines = _refine(source, ZoneInfo(owner.calendar.timezone), before, arguments.any_volume)
    changed = [line for line in lines if line != before[line.delivery_id]]
    if not changed:
        return ReplayResult(status="unchanged", deliveries=len(before))
    days = sorted({line.partition for line in changed})
    moved = sum(line.accepted_rows - before[line.delivery_id].accepted_rows for line in changed)
    return ReplayResult(status="replayed", deliveries=len(before), days=len(days), partitions=days, moved_rows=moved)


def _refine(source: Source, zone: ZoneInfo, before: Mapping[str, Delivery], any_volume: bool) -> list[Delivery]:
    """The ledger's lines, as they are now, of all deliveries but those that the contract still refuses."""
    checked = silver.refine(source, zone, before.values(), any_volume=any_volume, only_changed=True)
    if not checked.refusals:
        return checked.lines
    lost = {key: why for key, why in checked.refusals.items() if before[key].status == deliveries.INGESTED}
    if lost:
        why = "; ".join(f"{before[key].origin}: {reason}" for key, reason in lost.items())
        raise DeliveryRejected(
            f"source {source.name}: the contract now refuses deliveries that are in silver: {why}; nothing was changed: "
            "correct the contract and run again"
        )
    log.info("replay %s: %d deliveries stay refused", source.name, len(checked.refusals))
    accepted = [line for key, line in before.items() if key not in checked.refusals]
    if not accepted:
        return []
    # Rows of a delivery that stays refused must not replace others of their key.
    return silver.refine(source, zone, accepted, any_volume=any_volume, only_changed=True).lines
