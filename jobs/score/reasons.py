"""Reasons of scores: gold scores and features -> gold reasons, for the rows that the use case declares.

They are made from the stored scores, after these: if a run is killed in between, the next one finds that the day's reasons
are not those of its scores, and makes them.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs.score import explainer, version
from lakehouse import tables
from lakehouse.declaration import Reasons, UseCase
from lakehouse.models import artifacts, registry, version_selection
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds
from lakehouse.staleness import expected_inputs, up_to_date
from lakehouse.storage import commits, delta_log, spark_session, spark_tables

log = logging.getLogger(__name__)


def refresh_reasons(
    use_case: UseCase, models: Mapping[dt.date, ModelVersion], features_version: int, force: bool = False
) -> dict[str, int]:
    """Make the reasons of those days whose scores, or the declared reasons, have changed.

    Args:
        use_case: whose scores; nothing is done when it declares no reasons.
        models: the version that scored each day.
        features_version: of the feature table that the days' scores were made from, or would be.
        force: also what is up to date.

    Returns:
        The number of days written, and of rows in them.
    """
    if use_case.reasons is None:
        return {"days": 0, "rows": 0}
    # At one version of the table; without days that another run scores at this moment.
    scores_version = delta_log.version(tables.scores(use_case))
    scored = version_selection.scored(use_case, at_version=scores_version)
    fingerprints = {
        day: scored[day].fingerprint
        for day, model in models.items()
        if day in scored and scored[day].version == model.version
    }
    expected = expected_inputs.for_reasons(use_case, fingerprints, version.REASONS)
    stale = up_to_date.compare_reasons(use_case, expected).outdated(force)
    if not stale:
        return {"days": 0, "rows": 0}
    table = tables.reasons(use_case)
    digests = builds.record(table, {day: expected[day] for day in stale})
    for model in {models[day].version: models[day] for day in stale}.values():
        days = [day for day in stale if models[day].version == model.version]
        log.info("explaining %d day(s) of %s by version %d", len(days), use_case.name, model.version)
        session = spark_session.session(f"reasons {use_case.name}")
        features = _features(session, use_case, use_case.reasons, days, scores_version, features_version)
        rows = explain(features, use_case, model, use_case.reasons.each)
        stamped = rows.select(
            "*",
            F.lit(registry.CHAMPION).alias("role"),
            F.lit(model.version).alias("model_version"),
            spark_tables.value_of_day({day: digests[day] for day in days}).alias(tables.INPUTS_FINGERPRINT),
        )
        # A line for each named feature, and one for the others.
        lines = delta_log.rows_in(tables.scores(use_case), days) * (use_case.reasons.each + 1)
        commits.replace(stamped, table, {"partition": days, "role": [registry.CHAMPION]}, lines)
    up_to_date.record_rowless(use_case, {day: expected[day] for day in stale})
    return {"days": len(stale), "rows": delta_log.rows_in(table, stale, role=registry.CHAMPION)}


def _features(
    session: SparkSession,
    use_case: UseCase,
    declared: Reasons,
    days: list[dt.date],
    scores_version: int,
    features_version: int,
) -> DataFrame:
    """The feature rows of the scores that get reasons."""
    on = ["partition", *use_case.entity.key]
    scores = spark_tables.read_days(session, tables.scores(use_case), days, scores_version)
    scores = scores.where(F.col("role") == registry.CHAMPION)
    features = spark_tables.read_days(session, tables.features(use_case), days, features_version)
    return features.join(choose(scores, declared, on), on, "left_semi")


def choose(scores: DataFrame, reasons: Reasons, on: list[str]) -> DataFrame:
    """The rows of ``scores`` that get reasons; of equal scores the first keys, so that every run chooses the same."""
    chosen = scores.where("decision") if reasons.above_threshold else scores
    if reasons.top is not None:
        by_score = Window.partitionBy("partition").orderBy(F.col("score").desc(), *on)
        chosen = chosen.withColumn("_rank", F.row_number().over(by_score)).where(F.col("_rank") <= reasons.top)
    return chosen.select(*on)


def explain(rows: DataFrame, use_case: UseCase, model: ModelVersion, named: int) -> DataFrame:
    """Key, partition, rank, feature, value, contribution and base value: for each feature row a line for each of
    ``named`` features, and one for the sum of the others.
    """
    kept = ("partition", *use_case.entity.key)
    types = {column.name: column.type for column in tables.features(use_case).columns}
    schema = ", ".join(f"`{name}` {types[name]}" for name in kept)
    names = registry.declared_features(model, use_case)
    function = explainer.explainer(artifacts.model_bytes(model), kept, names, named)
    return rows.select(*kept, *names).mapInArrow(function, f"{schema}, {explainer.COLUMNS}")
