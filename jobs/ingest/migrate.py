"""Migrate: tables get the shape that their declaration has now; silver is built from bronze again, one commit a table.

Bronze first, then the rejects, the ledger, silver and last the record of contracts: a migration that is killed is needed still,
and the next one ends what it began.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest import bronze_shape, contract_checks, contract_fit, current_rows, gold_shape, row_counts
from jobs.ingest.arguments import MigrateArguments
from jobs.ingest.delivery_checks import ledger_lines, refusal
from jobs.ingest.row_counts import RowCounts
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import Owner, Source, UseCase, loader
from lakehouse.errors import MigrationRefused
from lakehouse.ops import contracts, deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.storage import arrow_dataset, delta_log, table_shape

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MigrateResult(Result):
    """The differences that there were, the tables that were rewritten, and what became of the rows of silver."""

    changes: list[str]
    tables: list[str] = field(default_factory=list)
    rows_before: int = 0
    rows_after: int = 0
    newly_rejected_rows: int = 0
    refused: list[str] = field(default_factory=list)


def run(arguments: MigrateArguments) -> MigrateResult:
    """Give the tables of a source, or the gold tables of a use case, the shape that their declaration has now.

    Raises:
        MigrationRefused: when more rows than the contract allows would be rejected; nothing was changed.
    """
    if arguments.use_case is not None:
        return _gold(loader.by_name(arguments.use_case), arguments.dry_run)
    owner, source = loader.by_source(str(arguments.source))
    return SourceMigration(owner, source).run(arguments)


def _gold(use_case: UseCase, dry_run: bool) -> MigrateResult:
    changes = gold_shape.changes(use_case)
    _tell(use_case.name, changes)
    if changes and not dry_run:
        gold_shape.migrate(use_case)
    status = "fits" if not changes else "planned" if dry_run else "migrated"
    return MigrateResult(status=status, changes=changes, tables=sorted({one.split(".", 2)[1] for one in changes}))


class SourceMigration:
    """The migration of one source: bronze rows by day, as the new contract has them and judges them."""

    def __init__(self, owner: Owner, source: Source) -> None:
        """Look at the tables and at the record of contracts."""
        self._source = source
        # A key of another type is a key of another type in their gold tables too.
        self._readers = loader.readers(source)
        self._zone = ZoneInfo(owner.calendar.timezone)
        self._bronze = tables.bronze(source)
        before = contracts.history(source.name)
        self._fields = before[-1].contract.fields if before else {}
        self._digest = contracts.Contract.of(source).digest
        if delta_log.rebuilt_with(self._bronze) == self._digest and not contract_fit.bronze_misfits(source):
            # A migration to this contract was killed behind its first commit.
            self._fields = self._declared_fields()
        self._since = contracts.declared_since(source)
        self._ledger = {line.delivery_id: line for line in deliveries.lines_of([source.name])}
        self._counted = [key for key, line in self._ledger.items() if line.status == deliveries.INGESTED]

    def run(self, arguments: MigrateArguments) -> MigrateResult:
        """Say what it means, and unless that is all, do it."""
        source = self._source
        changes = contract_fit.misfits(source)
        _tell(source.name, changes)
        gold = [change for use_case in self._readers for change in gold_shape.changes(use_case)]
        if not changes and not gold:
            if not arguments.dry_run:
                contracts.record(source, arguments.actor)
            return MigrateResult(status="fits", changes=[])
        silver = tables.silver(source)
        before = sum(delta_log.rows_by_day(silver).values())
        lines, refused, after = self._lines()
        result = MigrateResult(
            status="planned",
            changes=[*changes, *gold],
            tables=[table.full_name for table in tables.of_source(source)],
            rows_before=before,
            rows_after=after,
            newly_rejected_rows=sum(
                max(line.rejected_rows - self._ledger[line.delivery_id].rejected_rows, 0) for line in lines
            ),
            refused=refused,
        )
        self._tell(result)
        if arguments.dry_run:
            return result
        if refused and not arguments.any_rejects:
            raise MigrationRefused(
                f"source {source.name}: expected the deliveries that are in silver to keep the new contract, found: "
                f"{'; '.join(refused[:5])}; nothing was changed: correct the contract, or let these rows be rejected (they stay "
                f"in bronze): python -m lakehouse migrate --source {source.name} --any-rejects"
            )
        self._write(lines)
        for use_case in self._readers:
            gold_shape.migrate(use_case)
        contracts.record(source, arguments.actor)
        return MigrateResult(**{**vars(result), "status": "migrated"})

    def _tell(self, result: MigrateResult) -> None:
        log.info(
            "%s: silver is built from bronze again: %d rows now, %d then, %d more are rejected",
            self._source.name,
            result.rows_before,
            result.rows_after,
            result.newly_rejected_rows,
        )
        for why in result.refused:
            log.warning("%s: would refuse %s", self._source.name, why)

    def _write(self, lines: list[Delivery]) -> None:
        source = self._source
        table_shape.rebuild(self._bronze, self._bronze_rows(), note=self._digest)
        self._fields = self._declared_fields()
        table_shape.rebuild(
            tables.rejects(source), (current_rows.reject_rows(marked, source) for marked, _ in self._checked())
        )
        deliveries.record(lines)
        # Last: until silver fits, ingestion asks for the migration.
        table_shape.rebuild(tables.silver(source), self._silver_rows())

    def _declared_fields(self) -> dict[str, str]:
        return {column.name: column.delivered_name for column in self._source.columns}

    def _days(self) -> list[dt.date]:
        return sorted(delta_log.rows_by_day(self._bronze))

    def _bronze_rows(self) -> Iterator[pa.Table]:
        for day in self._days():
            rows = arrow_dataset.read_as_it_is(self._bronze, pc.field("partition") == day)
            yield bronze_shape.reshape(rows, self._fields, self._source)

    def _checked(self) -> Iterator[tuple[pa.Table, pa.Table]]:
        """The rows of each day that count, checked and marked, and as they are in bronze."""
        counted = pa.array(self._counted, pa.string())
        for rows in self._bronze_rows():
            of_counted = rows.filter(pc.is_in(rows.column("delivery_id"), value_set=counted))
            if len(of_counted):
                checked = contract_checks.check(of_counted, self._source, self._zone, self._since)
                yield current_rows.mark(checked, self._source), of_counted

    def _silver_rows(self) -> Iterator[pa.Table]:
        return (current_rows.silver_rows(marked, self._source) for marked, _ in self._checked())

    def _lines(self) -> tuple[list[Delivery], list[str], int]:
        """The ledger's lines of the deliveries that count, which of them the contract would refuse, and the rows of silver."""
        counts, current = dict[str, RowCounts](), 0
        for marked, rows in self._checked():
            current += pc.sum(marked.column(current_rows.CURRENT)).as_py()
            for identity, some in row_counts.count(marked, rows.column("extra")).items():
                counts.setdefault(identity, RowCounts()).add(some)
        known = [self._ledger[identity] for identity in self._counted]
        refused = [
            f"{line.origin}: {why}"
            for line in known
            if line.delivery_id in counts and (why := refusal(self._source, counts[line.delivery_id]))
        ]
        return ledger_lines([line for line in known if line.delivery_id in counts], counts, ()), refused, current


def _tell(name: str, changes: list[str]) -> None:
    for change in changes:
        log.info("%s: %s", name, change)
    if not changes:
        log.info("%s: the tables fit", name)
