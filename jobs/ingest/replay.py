"""Replay: judge what was delivered before by the contract as it is now; what passes moves into silver, nothing twice."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from jobs.ingest import silver
from jobs.ingest.arguments import ReplayArguments
from jobs.ingest.silver import CheckedDeliveries
from jobs.result import Result
from lakehouse.declaration import Source, loader
from lakehouse.errors import DeliveryRejected
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import spark_session

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
    _, source = loader.by_source(arguments.source)
    before = {
        line.delivery_id: line for line in deliveries.lines_of([source.name], arguments.partition, arguments.last)
    }
    if not before:
        return ReplayResult(status="none", message="no delivery", deliveries=0)
    session = spark_session.session(f"replay {source.name}")
    with closing(_judge(session, source, before, arguments.any_volume)) as judged:
        changed = [line for line in judged.lines if line != before[line.delivery_id]]
        if not changed:
            return ReplayResult(status="unchanged", deliveries=len(before))
        days = sorted({line.partition for line in changed})
        silver.write(session, source, judged, days)
    silver.reconcile_concurrent(session, source, days, before)
    moved = sum(line.accepted_rows - before[line.delivery_id].accepted_rows for line in changed)
    return ReplayResult(status="replayed", deliveries=len(before), days=len(days), partitions=days, moved_rows=moved)


def _judge(
    session: SparkSession, source: Source, before: Mapping[str, Delivery], any_volume: bool
) -> CheckedDeliveries:
    """What the contract says now of all that it does not refuse as a whole."""
    judged = silver.check_deliveries(session, source, before.values(), (), any_volume)
    if not judged.refusals:
        return judged
    judged.close()
    lost = {key: why for key, why in judged.refusals.items() if before[key].status == deliveries.INGESTED}
    if lost:
        why = "; ".join(f"{before[key].origin}: {reason}" for key, reason in lost.items())
        raise DeliveryRejected(
            f"source {source.name}: the contract now refuses deliveries that are in silver: {why}; nothing was changed: "
            "mend the contract and run again"
        )
    log.info("replay %s: %d deliveries stay refused", source.name, len(judged.refusals))
    kept = [line for key, line in before.items() if key not in judged.refusals]
    # Rows of a delivery that stays refused must not stand in for others of their key.
    return silver.check_deliveries(session, source, kept, (), any_volume) if kept else judged
