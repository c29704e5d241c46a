"""Maintain: take away days that are older than declared, compact small files, remove those that no version within a table's
retention needs, and check the promised readers.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass, field
from typing import Any

from jobs.maintain import clustering, expiring
from jobs.maintain.arguments import MaintainArguments
from jobs.maintain.readers import unreadable
from jobs.result import Result
from lakehouse import tables
from lakehouse.declaration import datasets, feature_groups, loader
from lakehouse.errors import DeclarationError, RetentionRefused, TableUnreadable
from lakehouse.ops import costs
from lakehouse.retention import plan
from lakehouse.storage import delta_log, file_layout
from lakehouse.tables import Table

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MaintainResult(Result):
    """The tables that were maintained, in how many days of which tables rows were sorted, and how many days of which retention
    took.
    """

    tables: list[str]
    clustered_days: dict[str, int]
    expired_days: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The JSON object; where retention took nothing it has no ``expired_days``."""
        content = super().as_json()
        return content if self.expired_days else {name: of for name, of in content.items() if name != "expired_days"}


def run(arguments: MaintainArguments) -> MaintainResult:
    """Take away what is older than declared; compact, cluster and vacuum every declared table that exists, then read every gold
    table with delta-rs and DuckDB.

    Raises:
        TableUnreadable: naming each gold table that a promised reader can't read, after the housekeeping of all.
        RetentionRefused, DeclarationError: when what is needed is not known, or ``retention.yaml`` is wrong; after that too.
    """
    now = dt.datetime.now(dt.UTC)
    if arguments.dry_run:
        return _planned(now)
    # What was killed since the last run, too.
    costs.fold()
    expired, refused = dict[str, int](), None
    try:
        taken = expiring.expire(plan.make(now), arguments.actor, now)
        expired = {name: one.days for name, one in taken.items()}
    except (RetentionRefused, DeclarationError) as error:
        log.error("%s", error)
        refused = error
    existing = [table for table in declared_tables() if delta_log.exists(table)]
    clustered: dict[str, int] = {}
    for table in existing:
        log.info("maintaining %s", table.full_name)
        file_layout.compact(table)
        if days := clustering.crossed_days(table):
            log.info("clustering %d day(s) of %s by %s", len(days), table.full_name, table.clustered_by)
            file_layout.cluster(table, days)
            clustered[table.full_name] = len(days)
    broken = {table.full_name: why for table in existing if table.layer == "gold" and (why := unreadable(table))}
    if broken:
        problems = "; ".join(f"{name}: {why}" for name, why in broken.items())
        raise TableUnreadable(
            f"expected every gold table to be readable by delta-rs and DuckDB, found {problems}; look for a table feature that "
            "was switched on by hand: DESCRIBE DETAIL lists them"
        )
    if refused is not None:
        raise refused
    return MaintainResult(
        status="maintained",
        tables=[table.full_name for table in existing],
        clustered_days=clustered,
        expired_days=expired,
    )


def _planned(now: dt.datetime) -> MaintainResult:
    """What retention would take, a line each; nothing is changed."""
    plans = plan.make(now)
    for line in expiring.describe(plans):
        print(line)
    going = {one.subject.name: len(one.decision.going) for one in plans if one.decision.going}
    if not going:
        print("retention takes nothing")
    return MaintainResult(status="planned", tables=[], clustered_days={}, expired_days=going)


def declared_tables() -> list[Table]:
    """Every table of the catalogue."""
    declared: list[Table] = [tables.DELIVERIES, tables.MODEL_EVENTS, tables.BUILDS, tables.OWED_VERDICTS]
    declared += [tables.CONTRACTS, tables.EXPORTS, tables.PARITY, tables.ALERTS, tables.CALLS]
    declared += [tables.DATASET_VERSIONS, tables.ERASURES, tables.RELEASES, tables.COSTS, tables.RETENTION]
    for _, source in loader.sources():
        declared.extend(tables.of_source(source))
    for group in feature_groups.declared():
        declared.extend(tables.of_group(group))
    for use_case in loader.declared():
        declared.extend(tables.of_use_case(use_case))
    for dataset in datasets.declared():
        declared.extend(tables.of_dataset(dataset))
    return declared
