"""From rows of features to rows of scores, by one version in one role: in the job's process or in Spark's workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.score import canary, class_scores
from jobs.score.predict import predict
from lakehouse import code_version, tables
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelRefused
from lakehouse.models import artifacts, registry
from lakehouse.models.class_decision import ClassRule
from lakehouse.models.registry import ModelVersion
from lakehouse.scorers import model_files
from lakehouse.storage import table_schema

if TYPE_CHECKING:
    from jobs.score.judge import Judge

PASSED = ("partition", "prediction_time")


@dataclass(frozen=True)
class Lineage:
    """The values of the lineage columns; ``fingerprints`` and ``chosen_by`` by day.

    Attributes:
        share: of the entities, for which the challenger decides.
    """

    model: ModelVersion
    role: str
    features_version: int
    fingerprints: Mapping[dt.date, str]
    chosen_by: Mapping[dt.date, str]
    share: float
    scored_at: dt.datetime


@dataclass(frozen=True)
class RoleScorer:
    """Scores the rows of some days; it can be sent to a worker.

    Attributes:
        name: of the use case.
        key: the columns of the entity's key.
        columns: of the scores table.
        features: that the model reads, in its order.
        model: the model's file.
        lineage: what the rows say of their origin.
        code_version: likewise.
        judge: decides by the declared rules and fallbacks; None: there are none.
    """

    name: str
    key: tuple[str, ...]
    columns: pa.Schema
    features: tuple[str, ...]
    model: bytes
    lineage: Lineage
    code_version: str
    judge: Judge | None = None

    @classmethod
    def of(cls, use_case: UseCase, lineage: Lineage) -> RoleScorer:
        """What scores the use case's rows by the lineage's model.

        Raises:
            ModelMissing, ModelRefused, ServiceUnavailable: when the model can't be had or doesn't fit.
        """
        content = artifacts.model_bytes(lineage.model)
        if use_case.classes or use_case.fallback:
            # Where a fallback can score, a file that is no model is found before anything is written.
            model_files.expect(content, use_case, f"model {lineage.model.name} version {lineage.model.version}")
        return cls(
            name=use_case.name,
            key=use_case.entity.key,
            columns=table_schema.arrow_schema(tables.scores(use_case)),
            features=registry.declared_features(lineage.model, use_case),
            model=content,
            lineage=lineage,
            code_version=code_version.version(),
            judge=judge_of(use_case, lineage),
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of the feature table that it reads."""
        judged = () if self.judge is None else self.judge.conditions.features
        return tuple(dict.fromkeys((*self.key, *PASSED, *self.features, *judged)))

    def score(self, rows: pa.Table) -> pa.Table:
        """The rows of the scores table for feature rows of the lineage's days. Constant columns are dictionaries of one value."""
        model, lineage = self.lineage.model, self.lineage
        scored = self._scored(rows)
        count = len(rows)
        chosen = canary.within(lineage.share, self.name, rows, self.key)
        decides = ~chosen if lineage.role == registry.CHAMPION else chosen
        values: dict[str, pa.Array | pa.ChunkedArray] = {
            **{name: rows.column(name) for name in (*self.key, *PASSED)},
            "role": _constant(lineage.role, count),
            "model_name": _constant(model.name, count),
            "model_version": pa.repeat(pa.scalar(model.version, pa.int32()), count),
            **scored,
            "threshold": pa.repeat(pa.scalar(model.threshold, pa.float64()), count),
            "features_version": pa.repeat(pa.scalar(lineage.features_version, pa.int64()), count),
            "code_version": _constant(self.code_version, count),
            "run_id": _constant(model.run_id, count),
            "scored_at": pa.repeat(pa.scalar(lineage.scored_at, self.columns.field("scored_at").type), count),
            tables.INPUTS_FINGERPRINT: _of_day(rows, lineage.fingerprints),
            "chosen_by": _of_day(rows, lineage.chosen_by),
            "decides": pa.array(decides),
        }
        if self.judge is not None:
            values |= self.judge.judge(rows, scored, self._unscored(rows), decides)
        return pa.table([values[name] for name in self.columns.names], names=self.columns.names)

    def _scored(self, rows: pa.Table) -> dict[str, pa.Array]:
        """Score, decision and probabilities by the model."""
        model, scorer = self.lineage.model, model_files.load(self.model)
        score = predict(scorer, rows, self.features)
        rule = ClassRule.of(scorer)
        if rule is None:
            return _decided(score, model.threshold)
        if pa.types.is_boolean(self.columns.field("decision").type):
            raise ModelRefused(
                f"model {model.name} version {model.version}: expected a model of the declared task, found one of several classes; "
                "train a new version"
            )
        return class_scores.columns(rule, score, self.columns)

    def _unscored(self, rows: pa.Table) -> NDArray[np.bool_]:
        """The rows that the model is not asked for, where there is a fallback: none of its features is known."""
        if self.judge is None or self.judge.fallbacks is None:
            return np.zeros(len(rows), dtype=np.bool_)
        unknown: NDArray[np.bool_] = np.ones(len(rows), dtype=np.bool_)
        for name in self.features:
            unknown &= np.asarray(pc.is_null(rows.column(name), nan_is_null=True).to_numpy(), dtype=np.bool_)
        return unknown


def judge_of(use_case: UseCase, lineage: Lineage) -> Judge | None:
    """What decides by the declared rules and fallbacks; None: there are none."""
    if not use_case.judged:
        return None
    # Most use cases have none, and don't pay for what reads conditions.
    from jobs.score.judge import Judge

    return Judge.of(use_case, list(lineage.fingerprints), lineage.model.threshold)


def _decided(score: NDArray[np.float64], threshold: float | None) -> dict[str, pa.Array]:
    decision = pa.nulls(len(score), pa.bool_()) if threshold is None else pa.array(score >= np.float64(threshold))
    return {"score": pa.array(score), "decision": decision}


def _constant(value: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([value], pa.string()))


def _of_day(rows: pa.Table, values: Mapping[dt.date, str]) -> pa.Array:
    """The value of each row's day."""
    days = sorted(values)
    found = pc.index_in(rows.column("partition"), value_set=pa.array(days, pa.date32())).combine_chunks()
    if found.null_count:
        raise ValueError(f"expected rows of {days[0]} to {days[-1]}, found others")
    return pa.DictionaryArray.from_arrays(found, pa.array([values[day] for day in days], pa.string()))
