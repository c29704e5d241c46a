"""Maintain: compact small files, remove those that no version within retention needs, and check the promised readers."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from jobs.arguments import Arguments
from jobs.maintain import clustering
from jobs.maintain.readers import unreadable
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import datasets, feature_groups, loader
from lakehouse.errors import TableUnreadable
from lakehouse.ops import costs
from lakehouse.storage import commits, delta_log
from lakehouse.tables import Table

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MaintainResult(Result):
    """The tables that were maintained, and in how many days of which tables rows were sorted."""

    tables: list[str]
    clustered_days: dict[str, int]


def run(arguments: Arguments) -> MaintainResult:
    """Compact, cluster and vacuum every declared table that exists, then read every gold table with delta-rs and DuckDB.

    Raises:
        TableUnreadable: naming each gold table that a promised reader can't read, after the housekeeping of all.
    """
    # What was killed since the last run, too.
    costs.fold()
    existing = [table for table in declared_tables() if delta_log.exists(table)]
    clustered: dict[str, int] = {}
    for table in existing:
        log.info("maintaining %s", table.full_name)
        commits.compact(table)
        if days := clustering.crossed_days(table):
            log.info("clustering %d day(s) of %s by %s", len(days), table.full_name, table.clustered_by)
            commits.cluster(table, days)
            clustered[table.full_name] = len(days)
    broken = {table.full_name: why for table in existing if table.layer == "gold" and (why := unreadable(table))}
    if broken:
        problems = "; ".join(f"{name}: {why}" for name, why in broken.items())
        raise TableUnreadable(
            f"expected every gold table to be readable by delta-rs and DuckDB, found {problems}; look for a table feature that "
            "was switched on by hand: DESCRIBE DETAIL lists them"
        )
    return MaintainResult(status="maintained", tables=[table.full_name for table in existing], clustered_days=clustered)


def declared_tables() -> list[Table]:
    """Every table of the catalogue."""
    declared: list[Table] = [tables.DELIVERIES, tables.MODEL_EVENTS, tables.BUILDS, tables.OWED_VERDICTS]
    declared += [tables.CONTRACTS, tables.EXPORTS, tables.PARITY, tables.ALERTS, tables.CALLS]
    declared += [tables.DATASET_VERSIONS, tables.ERASURES]
    declared += [tables.RELEASES]
    declared += [tables.COSTS]
    for _, source in loader.sources():
        declared.extend(tables.of_source(source))
    for group in feature_groups.declared():
        declared.extend(tables.of_group(group))
    for use_case in loader.declared():
        declared.extend(tables.of_use_case(use_case))
    for dataset in datasets.declared():
        declared.extend(tables.of_dataset(dataset))
    return declared
