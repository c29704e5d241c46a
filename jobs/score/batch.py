"""The rows of both roles, and the one commit that they are written in."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.score import canary
from jobs.score.predict import scorer
from lakehouse import code_version, tables
from lakehouse.declaration import UseCase
from lakehouse.errors import NightjarError
from lakehouse.models import artifacts, registry, shadow
from lakehouse.models.registry import ModelVersion
from lakehouse.ops import builds
from lakehouse.ops.builds import Inputs
from lakehouse.staleness.score_plan import ScorePlan
from lakehouse.storage import commits, delta_log, spark_session, spark_tables

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lineage:
    """The values of the lineage columns; ``fingerprints`` and ``chosen_by`` by day, ``decides`` by row."""

    model: ModelVersion
    role: str
    features_version: int
    fingerprints: Mapping[dt.date, str]
    chosen_by: Mapping[dt.date, str]
    decides: Column
    scored_at: dt.datetime


@dataclass(frozen=True)
class ScoringBatch:
    """Days that are scored together: from one version of the features, by one champion, in one commit."""

    plan: ScorePlan
    champion: ModelVersion
    features_version: int
    scored_at: dt.datetime

    def score(self, days: list[dt.date]) -> list[str]:
        """Write the rows of both roles in one commit, so that on every day exactly one row an entity decides.

        Returns:
            Why rows of a challenger are missing.
        """
        # Before any column is made: the active session decides whether it is a column of Spark Connect.
        session = spark_session.session(f"score {self.plan.use_case.name}")
        champion: list[DataFrame] = []
        shadows: list[DataFrame] = []
        written: list[dt.date] = []
        failures: list[str] = []
        for challenger, share, group in self.plan.by_challenger(days):
            champion_days, alone = group, challenger is None
            if challenger is not None:
                # Recorded first: it identifies a day that is left without its challenger's rows, and that day is tried again.
                fingerprints = self._record({day: self.plan.challenger_inputs(day) for day in group})
                try:
                    shadows.append(
                        self._rows(session, group, self._lineage(challenger, registry.CHALLENGER, fingerprints, share))
                    )
                except (NightjarError, OSError) as error:
                    failures.append(shadow.failure_text(error))
                    champion_days, alone = self.plan.without(challenger.version).outdated(group), True
            if champion_days:
                champion.append(self._by_champion(session, champion_days, 0.0 if alone else share, alone))
                written += champion_days
        if shadows:
            try:
                self._write(written, [*champion, *shadows])
            except NightjarError:
                # Another writer's commit came first, or the like: the challenger is not the cause.
                raise
            except Exception as error:
                failures.append(shadow.failure_text(error))
                self._write(written, [self._by_champion(session, written, 0.0, alone=True)])
        elif champion:
            self._write(written, champion)
        return failures

    def _by_champion(self, session: SparkSession, days: list[dt.date], share: float, alone: bool) -> DataFrame:
        fingerprints = self._record({day: self.plan.champion_inputs(day, alone) for day in days})
        return self._rows(session, days, self._lineage(self.champion, registry.CHAMPION, fingerprints, share))

    def _lineage(self, model: ModelVersion, role: str, fingerprints: Mapping[dt.date, str], share: float) -> Lineage:
        champion = role == registry.CHAMPION
        reasons = self.plan.champions if champion else self.plan.shadows
        to_challenger = canary.within(share, self.plan.use_case.name, self.plan.use_case.entity.key)
        return Lineage(
            model=model,
            role=role,
            features_version=self.features_version,
            fingerprints=fingerprints,
            chosen_by={day: reasons[day].why for day in fingerprints},
            decides=~to_challenger if champion else to_challenger,
            scored_at=self.scored_at,
        )

    def _record(self, inputs: Mapping[dt.date, Inputs]) -> dict[dt.date, str]:
        return builds.record(tables.scores(self.plan.use_case), inputs)

    def _rows(self, session: SparkSession, days: list[dt.date], lineage: Lineage) -> DataFrame:
        use_case, model = self.plan.use_case, lineage.model
        names = registry.declared_features(model, use_case)
        booster = artifacts.model_bytes(model)
        log.info("scoring %d day(s) of %s with version %d as %s", len(days), use_case.name, model.version, lineage.role)
        features = spark_tables.read_days(session, tables.features(use_case), days, self.features_version)
        scored = score_rows(features, use_case, booster, names)
        return add_lineage_columns(scored, lineage)

    def _write(self, days: list[dt.date], parts: list[DataFrame]) -> None:
        rows = delta_log.rows_in(tables.features(self.plan.use_case), days) * len(parts)
        scored = reduce(DataFrame.unionByName, parts)
        commits.replace(scored, tables.scores(self.plan.use_case), {"partition": days}, rows)


def score_rows(features: DataFrame, use_case: UseCase, booster: bytes, names: tuple[str, ...]) -> DataFrame:
    """Key, partition, prediction time and score of every feature row."""
    import pyarrow as pa

    kept = ("partition", "prediction_time", *use_case.entity.key)
    types = {column.name: column.type for column in tables.features(use_case).columns}
    schema = ", ".join(f"`{name}` {types[name]}" for name in kept)
    passed = pa.schema([(name, pa.null()) for name in kept])
    return features.select(*kept, *names).mapInArrow(scorer(booster, passed, names), f"{schema}, score double")


def add_lineage_columns(scored: DataFrame, lineage: Lineage) -> DataFrame:
    """The scored rows with decision and lineage: the columns of the scores table."""
    model = lineage.model
    threshold = F.lit(model.threshold).cast("double")
    return scored.select(
        "*",
        F.lit(lineage.role).alias("role"),
        F.lit(model.name).alias("model_name"),
        F.lit(model.version).alias("model_version"),
        (F.col("score") >= threshold).alias("decision"),
        threshold.alias("threshold"),
        F.lit(lineage.features_version).cast("long").alias("features_version"),
        F.lit(code_version.version()).alias("code_version"),
        F.lit(model.run_id).alias("run_id"),
        F.lit(lineage.scored_at).alias("scored_at"),
        spark_tables.value_of_day(lineage.fingerprints).alias(tables.INPUTS_FINGERPRINT),
        spark_tables.value_of_day(lineage.chosen_by).alias("chosen_by"),
        lineage.decides.alias("decides"),
    )
