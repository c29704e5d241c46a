"""Checking the deliveries of some days against their contract: what becomes of each row, and whether a delivery is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from jobs.ingest import contract_checks, volume
from lakehouse import tables
from lakehouse.declaration import Source, Volume
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import spark_tables


@dataclass(frozen=True)
class CheckedDeliveries:
    """Deliveries whose rows are in bronze and were checked against the contract.

    Attributes:
        lines: the ledger's line of each, ingested or refused.
        refusals: why a delivery as a whole is refused, by its id.
        new_columns: names of columns that the contract does not know; they stay in bronze.
        rows: all rows of their days, checked and marked: also those of other deliveries that count. Spark keeps them
            until :meth:`close`.
    """

    lines: list[Delivery]
    refusals: dict[str, str]
    new_columns: list[str]
    rows: DataFrame

    def close(self) -> None:
        """Let go of the rows."""
        self.rows.unpersist()


def check_deliveries(
    session: SparkSession,
    source: Source,
    arrived: Collection[Delivery],
    others: Collection[str] = (),
    any_volume: bool = False,
) -> CheckedDeliveries:
    """Check every row of the deliveries' days.

    Args:
        session: a session.
        source: the contract.
        arrived: the deliveries to check; their counts and status are computed again.
        others: ids of further deliveries of the same days whose rows count.
        any_volume: somebody looked at the number of rows and says that it is right.
    """
    days = {item.partition for item in arrived}
    counted = {*others, *(item.delivery_id for item in arrived)}
    bronze = spark_tables.read_days(session, tables.bronze(source), days)
    delivered = bronze.where(F.col("delivery_id").isin(*counted))
    # Counted here and written to two tables: checked once.
    marked = contract_checks.mark_duplicates(contract_checks.check(delivered, source), source).persist()
    counts = {row["delivery_id"]: row for row in contract_checks.counts(marked).collect()}
    refusals = {item.delivery_id: why for item in arrived if (why := refusal(source, counts.get(item.delivery_id)))}
    lines = [_ledger_line(item, counts.get(item.delivery_id), item.delivery_id in refusals) for item in arrived]
    if source.volume is not None and not any_volume:
        refusals = {**_wrong_volumes(source, source.volume, arrived, lines), **refusals}
        lines = [_ledger_line(line, counts.get(line.delivery_id), line.delivery_id in refusals) for line in lines]
    arrived_counts = [counts[item.delivery_id] for item in arrived if item.delivery_id in counts]
    new_columns = sorted({name for row in arrived_counts for name in row["new_columns"]} - source.document_fields)
    return CheckedDeliveries(lines, refusals, new_columns, marked)


def refusal(source: Source, counts: Row | None) -> str | None:
    """Why a delivery as a whole is refused, from its row of ``contract_checks.counts`` (None: no rows); None when it is not."""
    if counts is not None and counts["whole"] is not None:
        return str(counts["whole"])
    if counts is None or counts["delivered"] == 0:
        return (
            "expected rows, found none: the file is empty or has a header alone" if source.cadence == "daily" else None
        )
    if counts["rejected"] / counts["delivered"] > source.max_reject_share:
        return (
            f"expected at most {source.max_reject_share:.0%} rejected rows, found {counts['rejected']} of "
            f"{counts['delivered']}, most of them by one rule, such as: {counts['example']}"
        )
    return None


def _wrong_volumes(
    source: Source, declared: Volume, arrived: Collection[Delivery], lines: Collection[Delivery]
) -> dict[str, str]:
    """Why deliveries are refused for their number of rows, by their id.

    Only the first delivery of a day is looked at: one that follows is a correction. So is none that is in silver.
    """
    days = {item.partition for item in arrived}
    since = min(days) - dt.timedelta(days=declared.of_days)
    first_of_day = {
        line.partition: line
        for line in reversed(deliveries.lines_of([source.name], since, max(days)))
        if line.status == deliveries.INGESTED
    }
    rows_by_day = {line.partition: line.delivered_rows for line in lines if line.status == deliveries.INGESTED}
    rows_by_day |= {day: line.delivered_rows for day, line in first_of_day.items()}
    problems = {
        line.delivery_id: volume.problem(declared, line.partition, line.delivered_rows, rows_by_day)
        for line in lines
        if line.partition not in first_of_day
    }
    return {identity: problem for identity, problem in problems.items() if problem is not None}


def _ledger_line(item: Delivery, counts: Row | None, refused: bool) -> Delivery:
    delivered = 0 if counts is None else counts["delivered"]
    taken = {"accepted": 0, "rejected": delivered, "duplicates": 0} if counts is None or refused else counts
    return replace(
        item,
        delivered_rows=delivered,
        accepted_rows=taken["accepted"],
        rejected_rows=taken["rejected"],
        duplicate_rows=taken["duplicates"],
        status=deliveries.REFUSED if refused else deliveries.INGESTED,
    )
