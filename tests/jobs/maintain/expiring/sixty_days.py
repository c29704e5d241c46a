"""A clinic that has lived for sixty days, what retention takes of it, and what is left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from jobs import code_versions
from jobs.maintain import expiring, job
from jobs.maintain.arguments import MaintainArguments
from lakehouse import tables
from lakehouse.arrivals.readiness import Arrivals
from lakehouse.declaration import UseCase
from lakehouse.models import registry
from lakehouse.ops import builds, deliveries
from lakehouse.ops.deliveries import Delivery
from lakehouse.retention import plan
from lakehouse.staleness import expected_inputs, report
from lakehouse.storage import commits, delta_log
from lakehouse.tables import Table
from tests.jobs.shelf import NOON, Shelf, day

DAYS = range(60)
LAST = day(59)
AT = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
Declare = Callable[..., Shelf]


def live(use_case: UseCase) -> None:
    """All days at once, one row each: bronze, silver, features and labels as built from what the ledger has, scores."""
    for source in use_case.sources:
        lines = [
            Delivery(
                source.name, f"{source.name}{n}", day(n), f"{day(n)}.csv", "c", 1, 1, 0, 0, deliveries.INGESTED, AT
            )
            for n in DAYS
        ]
        deliveries.record(lines)
        row = {"appointment": 1, "minutes_late": 5.0, "line": 2, "raw": "1", "ingested_at": AT, "delivery_id": "d"}
        put(tables.bronze(source), [row | {"appointment": "1", "minutes_late": "5", "partition": day(n)} for n in DAYS])
        put(tables.silver(source), [row | {"partition": day(n)} for n in DAYS])
    days = [day(n) for n in DAYS]
    arrivals = Arrivals(use_case, days[0], days[-1])
    current = code_versions.CURRENT
    made = expected_inputs.for_features(use_case, days, arrivals, current.features)
    built(use_case, tables.features(use_case), made, {"prediction_time": AT, "age": 1.0})
    made = expected_inputs.for_outcomes(use_case, days, current.outcomes)
    built(use_case, tables.outcomes(use_case), made, {"value": 5.0, "label": 0})
    champion = registry.version(use_case.name, 1)
    features = delta_log.constant_by_partition(tables.features(use_case), "inputs_fingerprint")
    made = {one: expected_inputs.for_scores(features[one], champion, current.scores) for one in days}
    row = {"role": "champion", "model_name": "m", "model_version": 1, "score": 0.5, "features_version": 1}
    row |= {"code_version": "c", "run_id": "r", "scored_at": NOON, "prediction_time": AT}
    built(use_case, tables.scores(use_case), made, row | {"chosen_by": "champion", "decides": True, "decision": False})
    made = expected_inputs.for_performance(use_case, days, current.performance)
    row = {"role": "champion", "model_version": 1, "slice": "all", "slice_value": "all", "rows": 1, "labelled_rows": 1}
    built(use_case, tables.performance(use_case), made, row | {"metric": "log_loss", "value": 0.5})


def built(use_case: UseCase, table: Table, made: Any, row: dict[str, Any]) -> None:
    digests = builds.record(table, made)
    put(table, [row | {"appointment": 1, "partition": on, "inputs_fingerprint": digests[on]} for on in digests])


def put(table: Table, rows: Sequence[dict[str, Any]]) -> None:
    commits.replace_rows(table, [dict.fromkeys(table.column_names) | row for row in rows], "true")


def present(table: Table) -> set[int]:
    return {(one - day(0)).days for one in delta_log.rows_by_day(table)}


def maintain(**more: Any) -> dict[str, Any]:
    return job.run(MaintainArguments(actor="tests", **more)).as_json()


def take() -> dict[str, int]:
    """What maintain takes, without the housekeeping that follows it."""
    now = dt.datetime.now(dt.UTC)
    return {name: one.days for name, one in expiring.expire(plan.make(now), "tests", now).items()}


def stale(use_case: UseCase) -> Any:
    return report.find(use_case, code_versions.CURRENT)
