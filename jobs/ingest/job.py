"""Ingest: landing -> bronze -> silver and rejects -> ledger, for one source and one day or a range."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.ingest import silver
from jobs.ingest.arguments import IngestArguments
from jobs.ingest.delivery_checks import CheckedDeliveries
from jobs.ingest.delivery_errors import CHANGED
from jobs.ingest.landing import Landed, identified, landed
from jobs.ingest.parse import parser
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import Source, loader
from lakehouse.errors import DeliveryChanged, DeliveryRejected
from lakehouse.ops import deliveries
from lakehouse.storage import commits, spark_session, sql_quoting

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class IngestResult(Result):
    """How many deliveries, what became of their rows, and which columns the contract does not know."""

    deliveries: int
    delivered_rows: int = 0
    accepted_rows: int = 0
    rejected_rows: int = 0
    duplicate_rows: int = 0
    new_columns: list[str] = field(default_factory=list)


def run(arguments: IngestArguments) -> IngestResult:
    """Take in what has landed for the days; what the ledger has already is left alone.

    Raises:
        DeliveryRejected: when a delivery as a whole breaks the contract; it is in the ledger as refused, silver untouched.
    """
    _, source = loader.by_source(arguments.source)
    days = arguments.days
    ledger = {line.delivery_id: line for line in deliveries.lines_of([source.name], days[0], days[-1])}
    ingested = {identity for identity, line in ledger.items() if line.status == deliveries.INGESTED}
    files = identified(landed(source, days, dt.datetime.now(dt.UTC)), ledger.values())
    # A delivery that is taken in again keeps its place in the order of arrival.
    files = [replace(file, delivery=ledger[file.id]) if file.id in ingested else file for file in files]
    new = [file for file in files if arguments.force or file.id not in ingested]
    if not new:
        return IngestResult(status="unchanged" if files else "none", deliveries=len(files))

    session = spark_session.session(f"ingest {source.name}")
    arrived = [file.delivery for file in new]
    ids = ", ".join(sql_quoting.literal(item.delivery_id) for item in arrived)
    where = f"{sql_quoting.days_condition({item.partition for item in arrived})} AND delivery_id IN ({ids})"
    commits.replace(_parsed(session, source, new), tables.bronze(source), where, _most_rows(new))
    checked = silver.refine(session, source, arrived, ingested, arguments.any_volume)
    if checked.new_columns:
        log.warning(
            "source %s: new column(s) %s: kept in bronze, in `extra`, and not in silver: declare them to use them",
            source.name,
            ", ".join(checked.new_columns),
        )
    if checked.refusals:
        raise _refused(source, checked)
    return _result(checked)


def _most_rows(new: list[Landed]) -> int:
    """How many rows the files have, or more: a row has twenty bytes at least, and a compressed one two."""
    return sum(file.file.stat().st_size // (2 if file.file.suffix == ".gz" else 20) for file in new)


def _refused(source: Source, checked: CheckedDeliveries) -> DeliveryRejected | DeliveryChanged:
    """The error that names the refused deliveries and why; unless their bytes changed, they are in the ledger then."""
    lines = {line.delivery_id: line for line in checked.lines if line.status == deliveries.REFUSED}
    changed = [lines[identity].origin for identity, why in checked.refusals.items() if why.startswith(CHANGED)]
    if changed:
        return DeliveryChanged(
            f"source {source.name}: expected {', '.join(changed)} to stay as it was while it was read, found other bytes: "
            "somebody delivered it again; nothing was taken in: run again"
        )
    deliveries.record(list(lines.values()))
    why = "; ".join(f"{lines[identity].origin}: {reason}" for identity, reason in checked.refusals.items())
    return DeliveryRejected(
        f"source {source.name}: {why}; silver is untouched: correct the delivery or the contract and run again"
    )


def _parsed(session: SparkSession, source: Source, new: list[Landed]) -> DataFrame:
    """Bronze rows of the new deliveries."""
    files = session.read.format("binaryFile").load([str(item.file) for item in new]).select("path", "content")
    checksums = {item.file.name: item.delivery.checksum for item in new}
    schema = ", ".join(f"`{name}` string" for name in ("path", *source.column_names, "extra", "raw", "malformed"))
    lines = files.mapInArrow(parser(source.column_names, checksums), f"{schema}, line long")
    # Spark reports a path as a URI; the file's name is what both sides agree on.
    identity = session.createDataFrame(
        [(item.file.name, item.id, item.delivery.ingested_at, item.delivery.partition) for item in new],
        schema="_file string, delivery_id string, ingested_at timestamp, partition date",
    )
    return lines.withColumn("_file", F.element_at(F.split("path", "/"), -1)).join(F.broadcast(identity), "_file")


def _result(checked: CheckedDeliveries) -> IngestResult:
    lines = checked.lines
    return IngestResult(
        status="ingested",
        deliveries=len(lines),
        delivered_rows=sum(line.delivered_rows for line in lines),
        accepted_rows=sum(line.accepted_rows for line in lines),
        rejected_rows=sum(line.rejected_rows for line in lines),
        duplicate_rows=sum(line.duplicate_rows for line in lines),
        new_columns=checked.new_columns,
    )
