"""From bronze to silver: the deliveries of some days judged by the contract, and the books that say what became of each row.

The order of the commits makes a kill harmless: the ledger's lines come last, so a delivery without one is simply taken in
again, and each commit before them replaces what a half-done attempt left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from jobs.ingest import contract_checks, volume
from lakehouse import tables
from lakehouse.declaration import Source, Volume
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, delta_log, spark_tables, sql_quoting


@dataclass(frozen=True)
class CheckedDeliveries:
    """What the contract says to some deliveries, all of whose rows are in bronze.

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
    others: Collection[str],
    any_volume: bool = False,
) -> CheckedDeliveries:
    """Check every row of the deliveries' days.

    Args:
        session: a session.
        source: the contract.
        arrived: the deliveries to judge; their counts and status are found anew.
        others: ids of further deliveries of the same days whose rows count.
        any_volume: somebody looked at the number of rows and says that it is right.
    """
    days = sql_quoting.days_condition({item.partition for item in arrived})
    counted = {*others, *(item.delivery_id for item in arrived)}
    delivered = spark_tables.read(session, tables.bronze(source)).where(days).where(F.col("delivery_id").isin(*counted))
    # Counted here and written to two tables: judged once.
    marked = contract_checks.mark_duplicates(contract_checks.check(delivered, source), source).persist()
    stats = {row["delivery_id"]: row for row in contract_checks.counts(marked).collect()}
    refusals = {item.delivery_id: why for item in arrived if (why := refusal(source, stats.get(item.delivery_id)))}
    lines = [_counted(item, stats.get(item.delivery_id), item.delivery_id in refusals) for item in arrived]
    if source.volume is not None and not any_volume:
        refusals = {**_wrong_volumes(source, source.volume, arrived, lines), **refusals}
        lines = [_counted(line, stats.get(line.delivery_id), line.delivery_id in refusals) for line in lines]
    judged = [stats[item.delivery_id] for item in arrived if item.delivery_id in stats]
    new_columns = sorted({name for row in judged for name in row["new_columns"]} - source.document_fields)
    return CheckedDeliveries(lines, refusals, new_columns, marked)


def write(session: SparkSession, source: Source, judged: CheckedDeliveries, days: Iterable[dt.date]) -> None:
    """Make silver and the rejects of these days what the judgement says, and then the ledger."""
    wanted = set(days)
    lines = [line for line in judged.lines if line.partition in wanted]
    in_days = sql_quoting.days_condition(wanted)
    rows = judged.rows.where(in_days)
    commits.replace(contract_checks.silver_rows(rows, source), tables.silver(source), where=in_days)
    rejects = tables.rejects(source)
    if any(line.rejected_rows for line in lines) or delta_log.rows_in(rejects, wanted):
        commits.replace(contract_checks.reject_rows(rows, source), rejects, where=in_days)
    commits.ensure(session, rejects)
    deliveries.record(lines)


def reconcile_concurrent(
    session: SparkSession, source: Source, days: Collection[dt.date], counted: Iterable[str]
) -> None:
    """Judge days again whose ledger has deliveries that another run took in at the same time.

    Two runs that take in two deliveries of one day do not see each other's rows, and the later commit to silver would be
    without the other's. Each looks at the ledger after it wrote its own lines: whoever was last sees both.

    Args:
        session: a session.
        source: the contract.
        days: the days that were written.
        counted: ids of the deliveries whose rows were counted in what was written.
    """
    seen = set(counted)
    while True:
        books = [
            line
            for line in deliveries.lines_of([source.name], min(days), max(days))
            if line.partition in days and line.status == deliveries.INGESTED
        ]
        missed = {line.partition for line in books if line.delivery_id not in seen}
        if not missed:
            return
        lines = [line for line in books if line.partition in missed]
        with closing(check_deliveries(session, source, lines, ())) as judged:
            write(session, source, judged, missed)
        seen.update(line.delivery_id for line in lines)


def refusal(source: Source, row: Row | None) -> str | None:
    """Why a delivery as a whole is refused, from its row of ``contract.counts`` (None: no rows); None when it is not."""
    if row is not None and row["whole"] is not None:
        return str(row["whole"])
    rows, rejected = (row["delivered"], row["rejected"]) if row is not None else (0, 0)
    if row is None or rows == 0:
        return (
            "expected rows, found none: the file is empty or has a header alone" if source.cadence == "daily" else None
        )
    if rejected / rows > source.max_reject_share:
        return (
            f"expected at most {source.max_reject_share:.0%} rejected rows, found {rejected} of {rows}, "
            f"most of them by one rule, such as: {row['example']}"
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
    first_of = {
        line.partition: line
        for line in reversed(deliveries.lines_of([source.name], since, max(days)))
        if line.status == deliveries.INGESTED
    }
    rows_by_day = {line.partition: line.delivered_rows for line in lines if line.status == deliveries.INGESTED}
    rows_by_day |= {day: line.delivered_rows for day, line in first_of.items()}
    found = {}
    for line in lines:
        if line.partition not in first_of:
            why = volume.problem(declared, line.partition, line.delivered_rows, rows_by_day)
            if why is not None:
                found[line.delivery_id] = why
    return found


def _counted(item: Delivery, row: Row | None, refused: bool) -> Delivery:
    delivered = 0 if row is None else row["delivered"]
    kept = row is not None and not refused
    return replace(
        item,
        delivered_rows=delivered,
        accepted_rows=row["accepted"] if kept and row is not None else 0,
        rejected_rows=row["rejected"] if kept and row is not None else delivered,
        duplicate_rows=row["duplicates"] if kept and row is not None else 0,
        status=deliveries.REFUSED if refused else deliveries.INGESTED,
    )
