"""The rows of some days of a source, checked: in this process where they fit into it, else by Spark's workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest import contract_checks, current_rows, row_counts
from jobs.ingest.row_counts import RowCounts
from lakehouse import tables
from lakehouse.declaration import Source
from lakehouse.ops import contracts
from lakehouse.storage import arrow_dataset, commits, delta_log, table_shape


class CheckedDays(Protocol):
    """Checked rows of some days, with those of every delivery that counts."""

    @property
    def counts(self) -> Mapping[str, RowCounts]:
        """Of each delivery that has rows, by its id."""

    def write(self, days: Collection[dt.date]) -> None:
        """Replace silver and the rejects of these days with the rows, each in one commit."""


def check(source: Source, zone: ZoneInfo, days: Collection[dt.date], counted: Collection[str]) -> CheckedDays:
    """Check the bronze rows of the days.

    Args:
        source: the contract.
        zone: of the calendar.
        days: the days.
        counted: ids of the deliveries whose rows count.
    """
    if delta_log.rows_in(tables.bronze(source), days) > commits.COLLECTED_ROWS:
        from jobs.ingest.many_rows import ManyRows

        return ManyRows(source, zone, days, counted)
    return FewRows(source, zone, days, counted)


class FewRows:
    """Checked rows in this process."""

    def __init__(self, source: Source, zone: ZoneInfo, days: Collection[dt.date], counted: Collection[str]) -> None:
        """Read and check them."""
        self._source = source
        of_days = arrow_dataset.among("partition", days) & arrow_dataset.among("delivery_id", counted)
        bronze = arrow_dataset.read(tables.bronze(source), of_days)
        checked = contract_checks.check(bronze, source, zone, contracts.declared_since(source))
        self._rows = current_rows.mark(checked, source)
        self.counts = row_counts.count(self._rows, bronze.column("extra"))

    def write(self, days: Collection[dt.date]) -> None:
        """Replace silver and the rejects of these days with the rows."""
        source = self._source
        rows = self._rows.filter(pc.is_in(self._rows.column("partition"), value_set=pa.array(sorted(days))))
        commits.replace_table(current_rows.silver_rows(rows, source), tables.silver(source), {"partition": days})
        rejected, rejects = current_rows.reject_rows(rows, source), tables.rejects(source)
        if len(rejected) or delta_log.rows_in(rejects, days):
            commits.replace_table(rejected, rejects, {"partition": days})
        table_shape.ensure(rejects)
