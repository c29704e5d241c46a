"""Score: gold features -> gold scores, for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.arguments import Arguments
from jobs.score import reasons
from jobs.score.predict import model_features, scorer
from lakehouse import code, delta, lineage, registry, scoring, spark, stamps, tables, use_cases, wanted
from lakehouse.declaration import UseCase
from lakehouse.errors import FeaturesMissing
from lakehouse.registry import ModelVersion

log = logging.getLogger(__name__)


def run(arguments: Arguments) -> dict[str, Any]:
    """Score the days that are new or whose features or model have changed; leave the others alone."""
    assert arguments.use_case is not None
    use_case = use_cases.by_name(arguments.use_case)
    table, source = tables.scores(use_case), tables.features(use_case)
    days = arguments.days
    features_version = delta.version(source)
    built = delta.constant_by_partition(source, "inputs_fingerprint")
    if absent := [day for day in days if day not in built]:
        raise FeaturesMissing(
            f"{source.full_name}: expected the features of {len(days)} day(s), {len(absent)} are not built, such as {absent[0]}; "
            f"build them first: python -m jobs features --use-case {use_case.name} --partition {absent[0]}"
        )
    chosen = scoring.choose(use_case, days, arguments.model_version, arguments.champion)
    scored_from = delta.constant_by_partition(table, "inputs_fingerprint", role=registry.CHAMPION)
    inputs_of = wanted.scores(built, {day: choice.model for day, choice in chosen.items()})
    stale = [day for day in days if arguments.force or scored_from.get(day) != lineage.fingerprint(inputs_of[day])]
    fingerprints = lineage.record(table, {day: inputs_of[day] for day in stale})
    rows = 0
    for model in {chosen[day].model.version: chosen[day].model for day in stale}.values():
        mine = [day for day in stale if chosen[day].model.version == model.version]
        stamp = Stamp(
            model,
            features_version,
            {d: fingerprints[d] for d in mine},
            {d: chosen[d].why for d in mine},
            dt.datetime.now(dt.UTC),
        )
        rows += _score(use_case, mine, stamp)
    models = {day: choice.model for day, choice in chosen.items()}
    explained = reasons.keep_up(use_case, models, features_version, arguments.force)
    return {
        "status": "scored" if stale else "explained" if explained["days"] else "unchanged",
        "days": len(stale),
        "rows": rows,
        "model_versions": sorted({choice.model.version for choice in chosen.values()}),
        "features_version": features_version,
        "scores_version": delta.version(table),
        "reasons": explained,
    }


@dataclass(frozen=True)
class Stamp:
    """What rows say of how they were made; ``fingerprints`` and ``chosen_by`` by day."""

    model: ModelVersion
    features_version: int
    fingerprints: Mapping[dt.date, str]
    chosen_by: Mapping[dt.date, str]
    scored_at: dt.datetime


def _score(use_case: UseCase, days: list[dt.date], stamp: Stamp) -> int:
    table, model = tables.scores(use_case), stamp.model
    booster = registry.model_bytes(model)
    session = spark.session(f"score {use_case.name}")
    features = delta.read(session, tables.features(use_case), at_version=stamp.features_version).where(
        delta.days_condition(days)
    )
    names = model_features(model, use_case)
    log.info("scoring %d day(s) of %s with version %d", len(days), use_case.name, model.version)
    scored = score_rows(features, use_case, booster, names)
    delta.replace(
        label_rows(scored, stamp), table, where=f"{delta.days_condition(days)} AND role = '{registry.CHAMPION}'"
    )
    return delta.rows_in(table, days, role=registry.CHAMPION)


def score_rows(features: DataFrame, use_case: UseCase, booster: bytes, names: tuple[str, ...]) -> DataFrame:
    """Key, partition, prediction time and score of every feature row."""
    import pyarrow as pa

    kept = ("partition", "prediction_time", *use_case.entity.key)
    types = {column.name: column.type for column in tables.features(use_case).columns}
    schema = ", ".join(f"`{name}` {types[name]}" for name in kept)
    passed = pa.schema([(name, pa.null()) for name in kept])
    return features.select(*kept, *names).mapInArrow(scorer(booster, passed, names), f"{schema}, score double")


def label_rows(scored: DataFrame, stamp: Stamp) -> DataFrame:
    """The scored rows with decision and lineage: the columns of the scores table."""
    model = stamp.model
    threshold = F.lit(model.threshold).cast("double")
    return scored.select(
        "*",
        F.lit(registry.CHAMPION).alias("role"),
        F.lit(model.name).alias("model_name"),
        F.lit(model.version).alias("model_version"),
        (F.col("score") >= threshold).alias("decision"),
        threshold.alias("threshold"),
        F.lit(stamp.features_version).cast("long").alias("features_version"),
        F.lit(code.version()).alias("code_version"),
        F.lit(model.run_id).alias("run_id"),
        F.lit(stamp.scored_at).alias("scored_at"),
        stamps.of_day(stamp.fingerprints).alias("inputs_fingerprint"),
        stamps.of_day(stamp.chosen_by).alias("chosen_by"),
    )
