"""Ingest: landing -> bronze -> silver and rejects -> ledger, for one source and one day or a range.

The order of the commits makes a kill harmless: the ledger's line comes last, so a delivery without one is simply taken in
again, and each commit before it replaces what a half-done attempt left.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.arguments import Arguments
from jobs.ingest import contract
from jobs.ingest.landing import Landed, landed
from jobs.ingest.parse import HEADER, parser
from lakehouse import delta, ledger, spark, tables, use_cases
from lakehouse.declaration import Source
from lakehouse.errors import DeliveryRejected
from lakehouse.ledger import Delivery

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> dict[str, Any]:
    """Take in what has landed for the days; what the ledger has already is left alone."""
    assert arguments.source is not None
    _, source = use_cases.by_source(arguments.source)
    days = arguments.days
    books = {line.delivery_id: line for line in ledger.of_sources([source.name], days[0], days[-1])}
    known = {identity for identity, line in books.items() if line.status == ledger.INGESTED}
    found = landed(source, days)
    new = [item for item in found if arguments.force or item.delivery_id not in known]
    if not new:
        return {"status": "unchanged" if found else "none", "deliveries": len(found), "delivered_rows": 0}

    session = spark.session(f"ingest {source.name}")
    now = dt.datetime.now(dt.UTC)
    arrival = {
        item.delivery_id: books[item.delivery_id].ingested_at if item.delivery_id in known else now for item in new
    }
    bronze = tables.bronze(source)
    ids = ", ".join(f"'{item.delivery_id}'" for item in new)
    touched = sorted({item.partition for item in new})
    delta.replace(
        _parsed(session, source, new, arrival),
        bronze,
        where=f"{delta.days_condition(touched)} AND delivery_id IN ({ids})",
    )
    lines, marked = _checked(session, source, new, known, arrival)
    in_days = delta.days_condition(touched)
    delta.replace(contract.silver_rows(marked, source), tables.silver(source), where=in_days)
    rejects = tables.rejects(source)
    if any(line.rejected_rows for line in lines) or delta.rows_in(rejects, touched):
        delta.replace(contract.reject_rows(marked, source), rejects, where=in_days)
    delta.ensure(session, rejects)
    ledger.record(lines)
    return _result(lines)


def _parsed(session: SparkSession, source: Source, new: list[Landed], arrival: dict[str, dt.datetime]) -> DataFrame:
    """Bronze rows of the new deliveries."""
    files = session.read.format("binaryFile").load([str(item.file) for item in new]).select("path", "content")
    schema = ", ".join(f"`{name}` string" for name in ("path", *source.column_names, "extra", "raw", "malformed"))
    lines = files.mapInArrow(parser(source.column_names), f"{schema}, line long")
    # Spark reports a path as a URI; the file's name is what both sides agree on.
    identity = session.createDataFrame(
        [(item.file.name, item.delivery_id, arrival[item.delivery_id], item.partition) for item in new],
        schema="_file string, delivery_id string, ingested_at timestamp, partition date",
    )
    return lines.withColumn("_file", F.element_at(F.split("path", "/"), -1)).join(F.broadcast(identity), "_file")


def _checked(
    session: SparkSession, source: Source, new: list[Landed], known: set[str], arrival: dict[str, dt.datetime]
) -> tuple[list[Delivery], DataFrame]:
    """The ledger's lines of the new deliveries, and all rows of their days, checked and marked.

    Raises:
        DeliveryRejected: when a delivery as a whole breaks the contract; it is in the ledger as refused.
    """
    days = delta.days_condition({item.partition for item in new})
    counted_in = known | {item.delivery_id for item in new}
    delivered = delta.read(session, tables.bronze(source)).where(days).where(F.col("delivery_id").isin(*counted_in))
    marked = contract.mark_duplicates(contract.check(delivered, source), source)
    stats = {row["delivery_id"]: row for row in contract.counts(marked).collect()}
    lines: list[Delivery] = []
    refused: list[str] = []
    for item in new:
        row = stats.get(item.delivery_id)
        rows, rejected = (row["delivered"], row["rejected"]) if row is not None else (0, 0)
        why = _refusal(source, rows, rejected, row["example"] if row is not None else None)
        if why is not None:
            refused.append(f"{item.file}: {why}")
        lines.append(
            Delivery(
                source=source.name,
                delivery_id=item.delivery_id,
                partition=item.partition,
                origin=str(item.file),
                checksum=item.checksum,
                delivered_rows=rows,
                accepted_rows=0 if why or row is None else row["accepted"],
                rejected_rows=rows if why else rejected,
                duplicate_rows=0 if why or row is None else row["duplicates"],
                status=ledger.REFUSED if why else ledger.INGESTED,
                ingested_at=arrival[item.delivery_id],
            )
        )
    if refused:
        ledger.record([line for line in lines if line.status == ledger.REFUSED])
        raise DeliveryRejected(
            f"source {source.name}: {'; '.join(refused)}; silver is untouched: mend the delivery or the contract and run again"
        )
    return lines, marked


def _refusal(source: Source, rows: int, rejected: int, example: str | None) -> str | None:
    """Why a whole delivery is refused; None when it is not."""
    if example is not None and example.startswith(HEADER):
        return example
    if rows == 0 and source.cadence == "daily":
        return "expected rows, found only a header"
    if rows and rejected / rows > source.max_reject_share:
        return (
            f"expected at most {source.max_reject_share:.0%} rejected rows, found {rejected} of {rows}, "
            f"such as: {example}"
        )
    return None


def _result(lines: list[Delivery]) -> dict[str, Any]:
    return {
        "status": "ingested",
        "deliveries": len(lines),
        "delivered_rows": sum(line.delivered_rows for line in lines),
        "accepted_rows": sum(line.accepted_rows for line in lines),
        "rejected_rows": sum(line.rejected_rows for line in lines),
        "duplicate_rows": sum(line.duplicate_rows for line in lines),
    }
