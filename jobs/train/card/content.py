"""The content of a model card as plain values: everything but the wording of the page."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from jobs.train.card import categories, of_classes, of_learning, of_worth, pictures
from jobs.train.plots import search_plots
from jobs.train.split import Parts
from lakehouse.declaration import UseCase, metric_names
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.evaluation import day_bootstrap
from lakehouse.evaluation.day_bootstrap import Draws
from lakehouse.evaluation.labelled_rows import Floats, TrainingSet
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.scorers import model_files
from lakehouse.scorers.importance_words import IMPORTANCE

PACKAGES = ("xgboost-cpu", "optuna", "mlflow", "scikit-learn", "numpy", "pandas", "pyspark", "delta-spark", "deltalake")


@dataclass(frozen=True)
class Trained:
    """The training that a card describes.

    Attributes:
        use_case: its declaration.
        result: the result of the training, as it is logged to ``training/result.json``; ``slices`` may be absent.
        parts: the labelled rows.
        scorer: the fitted model.
        score: its scores of the holdout's rows.
        lineage: what it was made from and by, in words and values.
        pictures: the pictures of the run, PNG by name.
        decided: what was decided of the holdout's rows; None where it is not measured.
    """

    use_case: UseCase
    result: Mapping[str, Any]
    parts: Parts
    scorer: Any
    score: Floats
    lineage: Mapping[str, Any]
    pictures: Mapping[str, bytes]
    decided: Any = None


def gather(trained: Trained) -> dict[str, Any]:
    """The card's content; every text in it is as it was declared, and the page escapes it."""
    use_case, result = trained.use_case, trained.result
    importance = search_plots.importance(trained.scorer)
    return {
        "name": use_case.name,
        "title": use_case.title,
        "purpose": use_case.description,
        "owner": use_case.owner,
        "intended_use": use_case.card.intended_use,
        "known_limits": use_case.card.known_limits,
        "task": use_case.model.task,
        "entity": use_case.entity.key,
        "label": _label(use_case),
        "parts": _parts(trained),
        "learning": of_learning.content(result),
        "unlabelled": result["rows"].get("unlabelled", 0),
        "features": _features(use_case, trained.parts.train, importance),
        "categories": categories.described(trained.parts, trained.scorer),
        "metrics": _metrics(result["metrics"]),
        "interval": interval(trained),
        "slices": _slices(result.get("slices") or ()),
        "candidates": _candidates(result.get("candidates")),
        "importance": IMPORTANCE[model_files.of(trained.scorer).kind],
        "threshold": result.get("threshold"),
        "costs": (use_case.costed_model.cost_of_miss, use_case.costed_model.cost_of_false_alarm),
        "worth": of_worth.words(use_case),
        "classes": of_classes.content(use_case, result),
        "gate": _limits(use_case.gate.model_dump()),
        "drift": _limits(use_case.drift.of_training.model_dump()),
        "parameters": {**use_case.model.fixed, **result["best_params"], "seed": use_case.model.seed},
        "lineage": {name: value for name, value in trained.lineage.items() if value not in (None, "")},
        "packages": {"Python": platform.python_version(), **_installed(PACKAGES)},
        "pictures": list(pictures.captioned(use_case.model.task, trained.pictures)),
    }


def interval(trained: Trained) -> dict[str, Any] | None:
    """The gate's metric on the holdout with its 95 % interval; None where the holdout does not define it.

    As in the gate, whole days are drawn and not rows (docs/decisions/0022-gate-beyond-noise.md). ``low`` and ``high`` are None
    where the days are too few to draw from.
    """
    metric, holdout = trained.use_case.gate.metric, trained.parts.holdout
    value = trained.result["metrics"]["model"].get(metric)
    if value is None:
        return None
    draws = Draws.of(holdout.days, trained.use_case.model.seed)
    days = len(np.unique(holdout.days))
    worth = RealisedWorth.of(trained.use_case)
    of_rows = None if worth is None else worth.of_rows(holdout.label, trained.score, trained.decided)
    rows = Rows(holdout.label, trained.score, trained.decided, of_rows)
    span = day_bootstrap.interval(draws.values(metric, rows), days)
    low, high = span or (None, None)
    return {"metric": metric, "value": value, "low": low, "high": high, "days": days}


def _label(use_case: UseCase) -> str:
    label = use_case.label
    what = use_case.label_in_words
    if label.at_least is not None:
        what += f" is {label.at_least:g} or more"
    if label.classes:
        what += f", one of {', '.join(use_case.classes)}"
    if label.is_value is not None:
        what += f" is {str(label.is_value).lower() if isinstance(label.is_value, bool) else label.is_value}"
    return f"{what}; known {use_case.maturity_days} day(s) after the day"


def _parts(trained: Trained) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "use": use,
            "days": trained.result["windows"][name],
            "rows": trained.result["rows"].get(name, len(part)),
            "mean": float(part.label.mean()) if len(part) else None,
            "shares": of_classes.shares(trained.use_case, part.label),
        }
        for name, use, part in (
            ("train", "fitting the model", trained.parts.train),
            (
                "validation",
                "choosing parameters and threshold; the final model is fitted to it too",
                trained.parts.validation,
            ),
            ("holdout", "the metrics below; never seen by tuning or fitting", trained.parts.holdout),
        )
        if name in trained.result["windows"]
    ]


def _features(use_case: UseCase, train: TrainingSet, importance: Mapping[str, float]) -> list[dict[str, Any]]:
    known = 1 - np.isnan(train.features).mean(axis=0)
    listed = [
        {
            "name": feature.name,
            "description": feature.description,
            "importance": importance.get(feature.name, 0.0),
            "known": float(known[train.names.index(feature.name)]),
        }
        for feature in use_case.table_features
        if feature.name in train.names
    ]
    return sorted(listed, key=lambda feature: -feature["importance"])


def _metrics(measured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The metrics that are numbers, a column a model; others (a matrix, a curve) have a picture, those of a class a table."""
    names = [
        name
        for name, value in measured.get("model", {}).items()
        if (value is None or _is_number(value)) and not metric_names.is_of_a_class(name)
    ]
    rows = [
        {
            "name": name,
            "better": "greater is better" if metric_names.greater_is_better(name) else "",
            "values": [values.get(name) for values in measured.values()],
        }
        for name in names
    ]
    return {"models": [name.replace("_", " ") for name in measured], "rows": rows}


def _candidates(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The choice among several candidates; None where there was one."""
    if not said:
        return None
    rows = [{"name": kind, **result} for kind, result in said["candidates"].items()]
    windows = [f"{first}..{last}" for first, last in said["windows"]]
    return {"kind": said["kind"], "reason": said["reason"], "metric": said["metric"], "windows": windows, "rows": rows}


def _slices(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Slices grouped by the column that they slice by, with the largest first."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        grouped.setdefault(str(line.get("slice", "")), []).append(line)
    return [
        {"by": by, "rows": sorted(rows, key=lambda row: (-(row.get("rows") or 0), str(row.get("metric"))))}
        for by, rows in grouped.items()
    ]


def _limits(section: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """A declared section as lines; names of an inner section follow the outer one's."""
    lines: list[tuple[str, Any]] = []
    for name, value in section.items():
        if isinstance(value, Mapping):
            lines += _limits(value, f"{prefix}{name}: ")
        elif value is not None:
            shown = value.replace("_", " ") if isinstance(value, str) else value
            lines.append((f"{prefix}{name}".replace("_", " "), shown))
    return lines


def _installed(names: Iterable[str]) -> dict[str, str]:
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
