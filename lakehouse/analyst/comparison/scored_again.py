"""Rows that both models score now, where the tables have no scores of both: features and labels of days new to both."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse import tables
from lakehouse.analyst.comparison import limits
from lakehouse.analyst.comparison.paired_rows import LABEL, PARTITION, PairedRows, newest, slices_of
from lakehouse.analyst.comparison.version_record import Known
from lakehouse.declaration import UseCase
from lakehouse.errors import NightjarError
from lakehouse.evaluation import coded_rows, key_join, labelled_rows
from lakehouse.evaluation.training_set import TrainingSet
from lakehouse.models import artifacts, category_record, class_decision, registry
from lakehouse.storage import arrow_dataset, delta_log


def read(use_case: UseCase, known: tuple[Known, Known], after: dt.date | None, missing: list[str]) -> PairedRows | None:
    """Score the newest labelled days with both; None where that can't be done, and ``missing`` gets why.

    Only days after the last one that either was fitted to: where that is not known, none.
    """
    if after is None or any(one.model is None for one in known):
        return None
    features, outcomes = tables.features(use_case), tables.outcomes(use_case)
    labelled = delta_log.rows_by_day(outcomes)
    rows_of = delta_log.rows_by_day(features)
    days = sorted(day for day in labelled if day > after and day in rows_of)
    if not days:
        missing.append(
            f"a comparison on the same rows: {outcomes.full_name} has no labels of days after {after}, the last one that either "
            "was fitted to"
        )
        return None
    chosen, left_out = newest(days, rows_of, limits.MOST_SCORED_AGAIN)
    try:
        models = [_loaded(use_case, one) for one in known]
        names = tuple(dict.fromkeys(name for _, loaded, _ in models for name in loaded.feature_names))
        rows, on = _rows(use_case, chosen, names)
        training_set = labelled_rows.of_arrow(rows, use_case, names)
        scores = tuple(_score(loaded, training_set) for _, loaded, _ in models)
    except (NightjarError, ValueError, KeyError, OSError) as error:
        missing.append(f"a comparison on the same rows: {(str(error).splitlines() or [type(error).__name__])[0]}")
        return None
    in_order = rows.sort_by([(name, "ascending") for name in on]).select(on)
    decided = [_decide(use_case, *one, score) for one, score in zip(models, scores, strict=True)]
    arranged = [
        rule.arranged(score, use_case.classes) if rule is not None else score
        for (_, _, rule), score in zip(models, scores, strict=True)
    ]
    return PairedRows(
        origin="scored again",
        days=training_set.days,
        label=training_set.label,
        scores=(arranged[0], arranged[1]),
        decided=(decided[0], decided[1]),
        slices=slices_of(use_case, in_order, chosen, missing),
        left_out=left_out,
    )


def _loaded(use_case: UseCase, known: Known) -> tuple[float | None, Any, Any]:
    """The threshold, the model, and the rule of one of several classes.

    Raises:
        ModelRefused: when it reads what is declared no longer, or decides otherwise. ModelMissing, ServiceUnavailable: see
            `artifacts.model_bytes`.
    """
    # Imported here: XGBoost takes a tenth of a second, and stored scores need none.
    from lakehouse.scorers import model_files

    model = known.model
    assert model is not None
    registry.declared_features(model, use_case)
    loaded = model_files.load(artifacts.model_bytes(model))
    rule = class_decision.rule_of(loaded, use_case, f"model {model.name} version {model.version}")
    return known.record.threshold, loaded, rule


def _rows(use_case: UseCase, days: list[dt.date], names: tuple[str, ...]) -> tuple[pa.Table, list[str]]:
    """Features beside their labels, null where none has come."""
    on, where = [PARTITION, *use_case.entity.key], arrow_dataset.among(PARTITION, days)
    features = arrow_dataset.read(tables.features(use_case), where, columns=[*on, *names])
    outcomes = arrow_dataset.read(tables.outcomes(use_case), where, columns=[*on, LABEL])
    rows = key_join.left_join(features, outcomes, on)
    place = rows.column_names.index(LABEL)
    rows = rows.rename_columns([*rows.column_names[:place], labelled_rows.LABEL, *rows.column_names[place + 1 :]])
    return rows, on


def _score(model: Any, rows: TrainingSet) -> Any:
    coded = coded_rows.by_levels(rows, category_record.levels_of(model))
    columns = coded.features[:, [rows.names.index(name) for name in model.feature_names]]
    return model.score(np.ascontiguousarray(columns))


def _decide(use_case: UseCase, threshold: float | None, loaded: Any, rule: Any, score: Any) -> Any:
    if rule is not None:
        return rule.among(use_case.classes)[rule.decide(score)]
    if not use_case.binary:
        return None
    return np.full(len(score), -1) if threshold is None else (score >= threshold).astype(np.int8)
