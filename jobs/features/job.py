"""Features: silver -> gold features, for one use case and one day or a range, in one commit."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.asked_days import NOT_SCORED, AskedDays, ScoredDaysResult
from jobs.features import version
from jobs.features.arguments import FeaturesArguments
from lakehouse import tables
from lakehouse.arrivals import readiness
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import RetentionRefused
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, nobody
from lakehouse.staleness.expired import Expired
from lakehouse.storage import delta_log
from lakehouse.tables import Table

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FeaturesResult(ScoredDaysResult):
    """How many days were built, of how many rows, and the table's version with them.

    ``expired`` says by feature group how many rows have no value of it since the newest of their key is older than its ttl_days.
    """

    days: int
    rows: int
    features_version: int
    expired: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The JSON object; without feature groups it has no ``expired``."""
        content = super().as_json()
        return content if self.expired else {name: value for name, value in content.items() if name != "expired"}


def run(arguments: FeaturesArguments) -> FeaturesResult:
    """Build the days whose inputs or code have changed since they were built; leave the others alone."""
    use_case = loader.by_name(arguments.use_case)
    table = tables.features(use_case)
    asked = AskedDays.of(use_case, arguments.days)
    days = asked.scored
    if not days:
        return _result(NOT_SCORED, 0, 0, asked, table)
    arrivals = readiness.Arrivals(use_case, days[0], days[-1])
    arrivals.expect(days, table.full_name, lambda missing: _groups(missing, use_case))
    expected = expected_inputs.for_features(use_case, days, arrivals, version.FEATURES)
    stale = nobody.compare(use_case, expected).outdated(arguments.force)
    if not stale:
        return _result("unchanged", len(days), 0, asked, table)

    if gone := Expired().features(use_case, stale):
        day, why = next(iter(gone.items()))
        raise RetentionRefused(
            f"{table.full_name}: expected the rows that {day} is made from, found that {why}; {len(gone)} day(s) stay as "
            "they are: ask "
            "for later days"
        )
    # It imports Spark, which days that are up to date have no use for.
    from jobs.features.batch import Batch

    by_day = builds.record(table, {day: expected[day] for day in stale})
    built = Batch(use_case, tuple(stale), arrivals.groups).build(arrivals.same_snapshots(stale), by_day)
    if without := nobody.record(use_case, {day: expected[day] for day in stale}):
        log.info("features %s: nobody is in the population of %s", use_case.name, ", ".join(map(str, without)))
    for name, expired in built.expired.items():
        if expired:
            log.info(
                "features %s: %d of %d rows have no value of %s: too old", use_case.name, expired, built.rows, name
            )
    return _result("built", len(stale), built.rows, asked, table, built.expired)


def _result(
    status: str, days: int, rows: int, asked: AskedDays, table: Table, expired: Mapping[str, int] | None = None
) -> FeaturesResult:
    return FeaturesResult(
        status=status,
        days=days,
        rows=rows,
        features_version=delta_log.version(table),
        message=asked.message,
        not_scored=asked.others,
        expired=dict(expired or {}),
    )


def _groups(missing: Collection[str], use_case: UseCase) -> str:
    """How to build the days of groups, where some are missing."""
    labels = [taken.use for taken in use_case.taken if any(one.startswith(f"{taken.use.label} ") for one in missing)]
    commands = (f"python -m jobs group --group {use.group} --version {use.version} --partition ..." for use in labels)
    return "".join(f", and build the group: {command}" for command in commands)
