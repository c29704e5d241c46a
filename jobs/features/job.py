"""Features: silver -> gold features, for one use case and one day or a range, in one commit."""

from __future__ import annotations

import logging
from typing import Any

from jobs.arguments import Arguments
from jobs.features import build
from lakehouse import tables
from lakehouse.arrivals import readiness
from lakehouse.declaration import loader
from lakehouse.errors import InputsMissing
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs
from lakehouse.storage import commits, delta_log, spark_session, sql_quoting

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> dict[str, Any]:
    """Build the days whose inputs or code have changed since they were built; leave the others alone."""
    assert arguments.use_case is not None
    use_case = loader.by_name(arguments.use_case)
    table = tables.features(use_case)
    days = arguments.days
    arrivals = readiness.Arrivals(use_case, days[0], days[-1])
    waiting = {day: missing for day in days if (missing := arrivals.missing(day))}
    if waiting:
        day, missing = next(iter(waiting.items()))
        raise InputsMissing(
            f"{table.full_name}: expected the inputs of {len(days)} day(s) to have arrived, {len(waiting)} still wait; "
            f"{day} waits for {', '.join(missing[:5])}{' and more' if len(missing) > 5 else ''}; "
            f"ingest them first: python -m jobs ingest --source ... --partition ..."
        )
    inputs_of = expected_inputs.features(use_case, days, arrivals)
    built_from = delta_log.constant_by_partition(table, "inputs_fingerprint")
    stale = [day for day in days if arguments.force or built_from.get(day) != builds.fingerprint(inputs_of[day])]
    if not stale:
        return {"status": "unchanged", "days": len(days), "rows": 0, "features_version": delta_log.version(table)}

    session = spark_session.session(f"features {use_case.name}", len(stale))
    inputs = build.read_inputs(session, use_case, stale)
    asked = session.createDataFrame([(day,) for day in stale], schema="partition date")
    built = build.conform(loader.transform(use_case).build(asked, inputs), use_case).persist()
    try:
        population = inputs[use_case.entity.source].where(sql_quoting.days_condition(stale))
        rows = build.check_rows(built, population, use_case, stale)
        stamped = build.stamp(built, use_case, builds.record(table, {day: inputs_of[day] for day in stale}))
        commits.replace(stamped, table, where=sql_quoting.days_condition(stale))
    finally:
        built.unpersist()
    return {"status": "built", "days": len(stale), "rows": rows, "features_version": delta_log.version(table)}
