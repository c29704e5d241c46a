"""Score: gold features -> gold scores, for one use case and one day or a range."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.arguments import Arguments
from jobs.score.predict import scorer
from lakehouse import code, delta, fingerprints, registry, spark, tables, use_cases
from lakehouse.declaration import UseCase
from lakehouse.errors import FeaturesMissing, ModelRefused
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
    chosen = choose_versions(use_case, days, arguments.model_version)
    scored_from = delta.constant_by_partition(table, "inputs_fingerprint", role=registry.CHAMPION)
    wanted = {day: fingerprint(built[day], chosen[day]) for day in days}
    stale = [day for day in days if arguments.force or scored_from.get(day) != wanted[day]]
    models = sorted({chosen[day].version for day in days})
    rows = 0
    for number in sorted({chosen[day].version for day in stale}):
        mine = [day for day in stale if chosen[day].version == number]
        rows += _score(use_case, mine, chosen[mine[0]], features_version, {day: wanted[day] for day in mine})
    return {
        "status": "scored" if stale else "unchanged",
        "days": len(stale),
        "rows": rows,
        "model_versions": models,
        "features_version": features_version,
        "scores_version": delta.version(table),
    }


def choose_versions(use_case: UseCase, days: list[dt.date], asked: int | None) -> dict[dt.date, ModelVersion]:
    """The model version of each day, resolved once for the whole run.

    The version asked for; else the one that the day is already scored by, so that a rerun after a promotion relabels
    nothing; else today's champion.
    """
    if asked is not None:
        return dict.fromkeys(days, registry.version(use_case.name, asked))
    before = delta.constant_by_partition(tables.scores(use_case), "model_version", role=registry.CHAMPION)
    numbers = {day: int(before[day]) for day in days if day in before}
    versions = {number: registry.version(use_case.name, number) for number in set(numbers.values())}
    if len(numbers) < len(days):
        champion = registry.champion(use_case.name)
        return {day: versions[numbers[day]] if day in numbers else champion for day in days}
    return {day: versions[numbers[day]] for day in days}


def fingerprint(features: str, model: ModelVersion) -> str:
    """Digest of what decides a day's scores: the feature rows, the model's bytes and threshold, the scoring code."""
    model_sha256 = model.tags.get(registry.TAG_SHA256, "")
    return fingerprints.of(features, model.version, model_sha256, model.threshold, code.digest("jobs/score"))


def _score(
    use_case: UseCase, days: list[dt.date], model: ModelVersion, features_version: int, wanted: dict[dt.date, str]
) -> int:
    table = tables.scores(use_case)
    booster = registry.file(model, registry.MODEL_FILE).read_bytes()
    session = spark.session(f"score {use_case.name}")
    features = delta.read(session, tables.features(use_case), at_version=features_version).where(
        delta.days_condition(days)
    )
    names = model_features(model, use_case)
    log.info("scoring %d day(s) of %s with version %d", len(days), use_case.name, model.version)
    scored = score_rows(features, use_case, booster, names)
    rows = label_rows(scored, model, features_version, wanted, dt.datetime.now(dt.UTC))
    delta.replace(rows, table, where=f"{delta.days_condition(days)} AND role = '{registry.CHAMPION}'")
    return delta.rows_in(table, days, role=registry.CHAMPION)


def model_features(model: ModelVersion, use_case: UseCase) -> tuple[str, ...]:
    """The features that the model was trained on, in its order.

    Raises:
        ModelRefused: when the use case no longer declares one of them.
    """
    names = tuple(model.tags.get(registry.TAG_FEATURES, "").split(","))
    if unknown := sorted(set(names) - set(use_case.feature_names)):
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected features that {use_case.name} declares, the model also wants "
            f"{', '.join(unknown)}; train a new version for the new features"
        )
    return names


def score_rows(features: DataFrame, use_case: UseCase, booster: bytes, names: tuple[str, ...]) -> DataFrame:
    """Key, partition, prediction time and score of every feature row."""
    import pyarrow as pa

    kept = ("partition", "prediction_time", *use_case.entity.key)
    types = {column.name: column.type for column in tables.features(use_case).columns}
    schema = ", ".join(f"`{name}` {types[name]}" for name in kept)
    passed = pa.schema([(name, pa.null()) for name in kept])
    return features.select(*kept, *names).mapInArrow(scorer(booster, passed, names), f"{schema}, score double")


def label_rows(
    scored: DataFrame, model: ModelVersion, features_version: int, by_day: dict[dt.date, str], now: dt.datetime
) -> DataFrame:
    """The scored rows with decision and lineage: the columns of the scores table."""
    threshold = F.lit(model.threshold).cast("double")
    return scored.select(
        "*",
        F.lit(registry.CHAMPION).alias("role"),
        F.lit(model.name).alias("model_name"),
        F.lit(model.version).alias("model_version"),
        (F.col("score") >= threshold).alias("decision"),
        threshold.alias("threshold"),
        F.lit(features_version).cast("long").alias("features_version"),
        F.lit(code.version()).alias("code_version"),
        F.lit(model.run_id).alias("run_id"),
        F.lit(now).alias("scored_at"),
        fingerprints.column(by_day).alias("inputs_fingerprint"),
    )
