"""The input of the drift checks of some days: the champion's profile, and the rows of their windows counted by day and bin."""

from __future__ import annotations

import datetime as dt

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.monitor import counts, drift, performance
from jobs.monitor.drift import Evidence
from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import SCORE, Profile
from lakehouse.models import artifacts, recorded_version, registry
from lakehouse.storage import partition_rows, spark_tables


def gather(session: SparkSession, use_case: UseCase, version: int, days: list[dt.date]) -> Evidence:
    """Count the rows of the windows of these days, in one pass over features and scores."""
    model = recorded_version.version(use_case.name, version)
    profile = Profile.from_json(artifacts.local_copy(model, artifacts.PROFILE).read_text(encoding="utf-8"))
    length, maturity = use_case.drift.window_days, dt.timedelta(days=use_case.label.maturity_days)
    recent = {past for day in days for past in drift.trailing(day, length)}
    older = {past for day in days for past in drift.trailing(day - maturity, length)}
    features = spark_tables.read_days(session, tables.features(use_case), recent)
    still_declared = {name: item for name, item in profile.features.items() if name in use_case.feature_names}
    by_champion = (F.col("role") == registry.CHAMPION) & (F.col("model_version") == version)
    scores = spark_tables.read_days(session, tables.scores(use_case), recent).where(by_champion)
    scores = scores.withColumnRenamed(SCORE, drift.PREDICTION)
    measured = partition_rows.read(tables.performance(use_case), older)
    return Evidence(
        version=version,
        profile=profile,
        counts=counts.daily_counts((features, still_declared), (scores, {drift.PREDICTION: profile.prediction})),
        matured=performance.by_day(measured, registry.CHAMPION, version, use_case.model.task),
    )
