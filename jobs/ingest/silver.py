"""From bronze to silver: deliveries are checked, silver and the rejects are written, and the ledger counts every row.

The order of the commits makes a kill harmless: the ledger's lines come last, so a delivery without one is simply taken in
again, and each commit before them replaces what a half-done attempt left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from contextlib import closing

from pyspark.sql import SparkSession

from jobs.ingest import contract_checks
from jobs.ingest.delivery_checks import CheckedDeliveries, check_deliveries
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.ops import deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import commits, delta_log, sql_quoting


def refine(
    session: SparkSession,
    source: Source,
    arrived: Collection[Delivery],
    others: Collection[str] = (),
    any_volume: bool = False,
    only_changed: bool = False,
) -> CheckedDeliveries:
    """Check deliveries and write the silver rows, the rejects and the ledger's lines of their days.

    Args:
        session: a session.
        source: the contract.
        arrived: the deliveries, all of whose rows are in bronze.
        others: ids of further deliveries of the same days whose rows count.
        any_volume: somebody looked at the number of rows and says that it is right.
        only_changed: leave days alone on which the ledger's lines stay as ``arrived`` has them.

    Returns:
        The checked deliveries, closed. Where one of them is refused, nothing is written.
    """
    with closing(check_deliveries(session, source, arrived, others, any_volume)) as checked:
        days = {
            line.partition
            for line, before in zip(checked.lines, arrived, strict=True)
            if line != before or not only_changed
        }
        if checked.refusals or not days:
            return checked
        write(session, source, checked, days)
    _reconcile_concurrent(session, source, days, {*others, *(item.delivery_id for item in arrived)})
    return checked


def write(session: SparkSession, source: Source, checked: CheckedDeliveries, days: Collection[dt.date]) -> None:
    """Replace silver and the rejects of these days with the checked rows, and then the lines of the ledger."""
    lines = [line for line in checked.lines if line.partition in days]
    in_days = sql_quoting.days_condition(days)
    rows, most = checked.rows.where(in_days), delta_log.rows_in(tables.bronze(source), days)
    commits.replace(contract_checks.silver_rows(rows, source), tables.silver(source), in_days, most)
    rejects = tables.rejects(source)
    if any(line.rejected_rows for line in lines) or delta_log.rows_in(rejects, days):
        commits.replace(contract_checks.reject_rows(rows, source), rejects, in_days, most)
    commits.ensure(rejects)
    deliveries.record(lines)


def _reconcile_concurrent(
    session: SparkSession, source: Source, days: Collection[dt.date], counted: Iterable[str]
) -> None:
    """Check days again whose ledger has deliveries that another run took in at the same time.

    Two runs that take in two deliveries of one day do not see each other's rows, and the later commit to silver would be
    without the other's. Each looks at the ledger after it wrote its own lines: the last to write sees both.

    Args:
        session: a session.
        source: the contract.
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
        with closing(check_deliveries(session, source, lines)) as checked:
            write(session, source, checked, missed)
        seen.update(line.delivery_id for line in lines)
