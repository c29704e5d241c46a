"""Monitor: mature labels, measure performance and drift, give the verdict: for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.arguments import Arguments
from jobs.monitor import counts, drift, outcomes, performance, retraining, rollback_decision, verdict
from jobs.monitor.drift import Evidence
from lakehouse import tables
from lakehouse.declaration import UseCase, loader
from lakehouse.errors import InputsMissing
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.models import artifacts, registry, version_selection
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs
from lakehouse.storage import commits, delta_log, partition_rows, spark_session, spark_tables, sql_quoting

log = logging.getLogger(__name__)

Rows = list[dict[str, Any]]


def run(arguments: Arguments) -> dict[str, Any]:
    """Monitor the days; what is up to date makes no commit."""
    assert arguments.use_case is not None
    use_case, days = loader.by_name(arguments.use_case), arguments.days
    scored_by = version_selection.scored_by(use_case)
    if absent := [day for day in days if day not in scored_by]:
        raise InputsMissing(
            f"{tables.scores(use_case).full_name}: expected the champion's scores of {len(days)} day(s), "
            f"{len(absent)} are not there, such as {absent[0]}; score first: "
            f"python -m jobs score --use-case {use_case.name} --partition {absent[0]}"
        )
    session = spark_session.session(f"monitor {use_case.name}")
    maturity = dt.timedelta(days=use_case.label.maturity_days)
    later = _judged_before(use_case, days[-1], set(scored_by))
    judged = [*days, *later]
    matured = [day - maturity for day in judged if day - maturity >= use_case.calendar.start]
    # A label that came late or was corrected is caught up with while the window still looks at its day.
    watched = {past for day in matured for past in drift.trailing(day, use_case.drift.window_days) if past in scored_by}
    written = outcomes.mature(session, use_case, sorted(watched.union(matured)), arguments.force) if matured else []
    changed = _measure(session, use_case, sorted(watched), arguments.force)
    rows = _drift_rows(session, use_case, {day: scored_by[day] for day in judged})
    changed = partition_rows.replace(tables.drift(use_case), judged, rows) or changed
    last = _of_day(rows, days[-1])
    # What is decided once for a range is decided on its last day; days judged again decide again.
    decided = {day: retraining.decide(use_case, day, scored_by[day]) for day in [days[-1], *later]}
    asking = max((day for day, decision in decided.items() if decision.retrain), default=judged[-1])
    decision, because = decided[asking], _of_day(rows, asking)["reasons"]
    if decision.retrain:
        retraining.request(use_case, asking, scored_by[asking], because, decision, arguments.actor)
    back = rollback_decision.decide(use_case)
    log.info("monitor: %s %s: retrain %s: %s", days[-1], last["verdict"], decision.retrain, "; ".join(decision.reasons))
    return last | {
        "status": "monitored" if written or changed else "unchanged",
        "retrain": decision.retrain,
        "retrain_reasons": list(decision.reasons),
        "retrain_for": asking,
        "retrain_because": because,
        "roll_back": back.roll_back,
        "roll_back_reasons": list(back.reasons),
        # The form of the rollback, filled in.
        "rollback": {
            "from_version": back.from_version,
            "to_version": back.to_version,
            "rescore": use_case.rollout.rollback_rescores,
            "reason": "; ".join(back.reasons),
        },
        "judged_again": later,
        "outcomes_partition": matured[-1] if matured else None,
        "outcomes_written": written,
        "labelled_rows": _labelled(use_case, matured[-1]) if matured else 0,
        "days": [_of_day(rows, day) for day in days],
    }


def _judged_before(use_case: UseCase, last: dt.date, scored: set[dt.date]) -> list[dt.date]:
    """The later days that have their verdict already and look back at ``last``.

    In a backfill days are scored in any order: who comes late has been missed by those after it, and is now counted.
    """
    reach = use_case.drift.window_days - 1 + use_case.label.maturity_days
    after = [last + dt.timedelta(days=ahead) for ahead in range(1, reach + 1)]
    found = {row["partition"] for row in partition_rows.read(tables.drift(use_case), after)}
    return sorted(found & scored)


def _measure(session: SparkSession, use_case: UseCase, watched: list[dt.date], force: bool) -> bool:
    """Measure the days watched that have labels and were not measured from what is there now; whether any row changed."""
    table, inputs_of = tables.performance(use_case), expected_inputs.performance(use_case, watched)
    built = delta_log.constant_by_partition(table, expected_inputs.FINGERPRINT)
    days = [day for day in inputs_of if force or built.get(day) != builds.fingerprint(inputs_of[day])]
    if not days:
        return False
    commits.ensure(session, table)
    scores, labels, population = (
        spark_tables.read(session, source).where(sql_quoting.days_condition(days))
        for source in (
            tables.scores(use_case),
            tables.outcomes(use_case),
            tables.silver(use_case.source(use_case.entity.source)),
        )
    )
    judged = performance.judged_rows(scores, labels, population, use_case)
    digests = builds.record(table, {day: inputs_of[day] for day in days})
    rows = performance.measure(judged, use_case, delta_log.rows_in(tables.scores(use_case), days))
    return partition_rows.replace(
        table, days, [row | {expected_inputs.FINGERPRINT: digests[row["partition"]]} for row in rows]
    )


def _drift_rows(session: SparkSession, use_case: UseCase, scored_by: dict[dt.date, int]) -> Rows:
    """Rows of the drift table for each day, against the profile of the version that scored it."""
    rows: Rows = []
    for version in sorted(set(scored_by.values())):
        days = [day for day in sorted(scored_by) if scored_by[day] == version]
        evidence = _evidence(session, use_case, version, days)
        for day in days:
            found = drift.checks_of_day(day, use_case, evidence)
            rows += drift.rows(day, version, found, verdict.day_verdict(found, use_case.drift))
    return rows


def _evidence(session: SparkSession, use_case: UseCase, version: int, days: list[dt.date]) -> Evidence:
    """Count all that the windows of these days look at, in one pass over features and scores."""
    model = registry.version(use_case.name, version)
    profile = Profile.from_json(artifacts.local_copy(model, artifacts.PROFILE).read_text(encoding="utf-8"))
    length, maturity = use_case.drift.window_days, dt.timedelta(days=use_case.label.maturity_days)
    recent = {past for day in days for past in drift.trailing(day, length)}
    older = {past for day in days for past in drift.trailing(day - maturity, length)}
    features = spark_tables.read(session, tables.features(use_case)).where(sql_quoting.days_condition(recent))
    still_declared = {name: item for name, item in profile.features.items() if name in use_case.feature_names}
    by_champion = (F.col("role") == registry.CHAMPION) & (F.col("model_version") == version)
    scores = (
        spark_tables.read(session, tables.scores(use_case)).where(sql_quoting.days_condition(recent)).where(by_champion)
    )
    scores = scores.withColumnRenamed(SCORE, drift.PREDICTION)
    measured = partition_rows.read(tables.performance(use_case), older)
    return Evidence(
        version=version,
        profile=profile,
        counts=counts.daily_counts((features, still_declared), (scores, {drift.PREDICTION: profile.prediction})),
        matured=performance.by_day(measured, registry.CHAMPION, version, use_case.model.task),
    )


def _of_day(rows: Rows, day: dt.date) -> dict[str, Any]:
    """What the result says of a day."""
    mine = [row for row in rows if row["partition"] == day]
    final = next(row for row in mine if row["kind"] == "verdict")
    return {
        "partition": day,
        "model_version": final["model_version"],
        "violated": final["violated"],
        "verdict": "violated" if final["violated"] else "ordinary",
        "reasons": final["reason"].split("; "),
        "drifted_features": sorted(row["feature"] for row in mine if row["kind"] == "feature" and row["violated"]),
    }


def _labelled(use_case: UseCase, day: dt.date) -> int:
    """Labelled rows of the champion's scores of that day."""
    whole = {"role": registry.CHAMPION, "slice": performance.ALL}
    measured = partition_rows.read(tables.performance(use_case), [day])
    return max((row["labelled_rows"] for row in measured if whole.items() <= row.items()), default=0)
