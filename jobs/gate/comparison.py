"""Both models measured on the same rows: the challenger's holdout, less the days that the champion was trained on."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.gate import bootstrap
from jobs.gate.decision import Metrics, Rival
from lakehouse import delta, metrics, registry, spark, tables, training_set
from lakehouse.declaration import UseCase
from lakehouse.errors import ModelRefused, TrainingDataMissing
from lakehouse.registry import ModelVersion
from lakehouse.training_set import Floats, TrainingSet

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Comparison:
    """The challenger's metrics, the champion as its rival (None: there is none), and the evidence for the diary."""

    challenger: Metrics
    rival: Rival | None
    evidence: dict[str, Any]


def compare(use_case: UseCase, challenger: ModelVersion, champion: ModelVersion | None) -> Comparison:
    """Measure both.

    Raises:
        ModelRefused: when the challenger wants features that the use case does not declare (any more), or its file
            names others than its tags. TrainingDataMissing: when the holdout has no labelled rows.
    """
    first, last = _day(challenger, registry.TAG_HOLDOUT_FIRST), _day(challenger, registry.TAG_HOLDOUT_LAST)
    rows, versions = _rows(use_case, first, last)
    labelled = rows.labelled()
    if not len(labelled):
        raise TrainingDataMissing(
            f"{use_case.name}: expected labelled rows in the holdout {first}..{last} of version {challenger.version}, "
            f"found none in {len(rows)} feature rows; take in {use_case.label.source} for these days"
        )
    if missing := undeclared(challenger, use_case):
        raise ModelRefused(
            f"model {challenger.name} version {challenger.version}: expected features that the use case declares, it "
            f"also wants {', '.join(missing)}; train a new version"
        )
    rival = None if champion is None else _meet(use_case, champion, first, last)
    if rival is not None and champion is not None and rival.unseen and not rival.unusable:
        judged = labelled.between(max(first, _day(champion, registry.TAG_TRAINED_THROUGH) + dt.timedelta(days=1)), last)
    else:
        judged = labelled
    if not len(judged):
        rival = Rival(rival.version, None, unseen=False, note=rival.note) if rival is not None else None
        judged = labelled
    mine = score(challenger, judged)
    measured = metrics.compute(use_case.model.task, judged.label, mine)
    spread = None
    if rival is not None and champion is not None and rival.unseen and not rival.unusable:
        theirs = score(champion, judged)
        rival = Rival(rival.version, metrics.compute(use_case.model.task, judged.label, theirs), note=rival.note)
        spread = bootstrap.interval(use_case.gate.metric, judged.label, mine, theirs, use_case.model.seed)
    evidence = {
        "holdout": [str(first), str(last)],
        "judged_days": [str(judged.days.min()), str(judged.days.max())],
        "rows": len(judged),
        "unlabelled": len(rows) - len(labelled),
        **versions,
        "metric": use_case.gate.metric,
        "min_improvement": use_case.gate.min_improvement,
        "floors": use_case.gate.floors,
        "challenger": measured,
        "champion": None if rival is None else rival.metrics,
        "champion_version": None if rival is None else rival.version,
        "improvement_interval_95": spread,
    }
    return Comparison(measured, rival, evidence)


def _rows(use_case: UseCase, first: dt.date, last: dt.date) -> tuple[TrainingSet, dict[str, int]]:
    features = delta.version(tables.features(use_case))
    labels = delta.version(tables.silver(use_case.source(use_case.label.source)))
    session = spark.session(f"gate {use_case.name}")
    rows = training_set.read(session, use_case, first, last, features, labels)
    return rows, {"features_version": features, "labels_version": labels}


def _meet(use_case: UseCase, champion: ModelVersion, first: dt.date, last: dt.date) -> Rival:
    """The champion before it is measured: whether it can be, and on which days."""
    if missing := undeclared(champion, use_case):
        return Rival(
            champion.version, None, unusable=f"it wants {', '.join(missing)}, which the use case no longer declares"
        )
    through = _day(champion, registry.TAG_TRAINED_THROUGH)
    if through < first:
        return Rival(champion.version, None)
    note = f"The champion was trained through {through}, the holdout is {first}..{last}"
    if through >= last:
        return Rival(champion.version, None, unseen=False, note=f"{note}.")
    return Rival(champion.version, None, note=f"{note}: compared on its later days alone.")


def undeclared(model: ModelVersion, use_case: UseCase) -> list[str]:
    """The features that the model wants and the use case does not declare."""
    return sorted(set(names_of(model)) - set(use_case.feature_names))


def names_of(model: ModelVersion) -> list[str]:
    """The features that the model wants, in its order."""
    return model.tags.get(registry.TAG_FEATURES, "").split(",")


def score(model: ModelVersion, rows: TrainingSet) -> Floats:
    """The model's scores of the rows, from XGBoost's own format.

    Raises:
        ModelRefused: when the file names other features than the version's tags.
    """
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(str(registry.file(model, registry.MODEL_FILE)))
    names = names_of(model)
    if booster.feature_names != names:
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected the features of its tags, {', '.join(names)}; its "
            f"file names {', '.join(booster.feature_names or ['none'])}; train a new version"
        )
    columns = rows.features[:, [rows.names.index(name) for name in names]]
    return np.asarray(booster.inplace_predict(np.ascontiguousarray(columns), validate_features=False), dtype=np.float64)


def _day(model: ModelVersion, tag: str) -> dt.date:
    try:
        return dt.date.fromisoformat(model.tags[tag])
    except (KeyError, ValueError) as error:
        raise ModelRefused(
            f"model {model.name} version {model.version}: expected the tag {tag} with a day, found "
            f"{model.tags.get(tag)!r}; only versions that the train job registered can be judged"
        ) from error
