"""How good scores are expected to turn out, before labels mature: by day, role, model version and slice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np

from jobs.monitor.scored_rows import ScoredRows
from lakehouse.evaluation.estimated_metrics import Estimate
from lakehouse.evaluation.quality_estimator import QualityEstimator, in_order
from lakehouse.evaluation.training_days import ALL


@dataclass(frozen=True)
class Estimated:
    """A metric of a day as it was estimated, with the rows that the model scored."""

    rows: int
    value: float


# By metric and day.
Daily = Mapping[str, Mapping[dt.date, Estimated]]


def of_rows(
    rows: ScoredRows, estimator: QualityEstimator, whole: bool = True, by: float = 0.0
) -> Iterator[dict[str, Any]]:
    """Rows of the table of estimates, of the whole and of each slice, without their fingerprint.

    Args:
        rows: what the model alone said; their labels are not looked at.
        estimator: of the version that scored.
        whole: whether all rows together are estimated too.
        by: so much the chances are moved after matured days, see `jobs.monitor.matured_shares`.
    """
    if not len(rows.score) or not set(estimator.classes) <= set(rows.classes):
        # No row, or a class of the model is declared no longer, and its probability is not in the table.
        return
    if rows.classes != estimator.classes:
        rows = _arranged(rows, estimator.classes)
    identity = {"partition": rows.day, "role": rows.role, "model_version": rows.version}
    for line in _lines(rows, estimator, slice(None), by) if whole else ():
        yield {**identity, "slice": ALL, "slice_value": ALL, **line}
    for name, texts in rows.slices.items():
        order = np.argsort(texts.code, kind="stable")
        number, first = np.unique(texts.code[order], return_index=True)
        for code, places in zip(number.tolist(), np.split(order, first[1:]), strict=True):
            if code >= 0:
                for line in _lines(rows, estimator, places, by):
                    yield {**identity, "slice": name, "slice_value": texts.texts[code], **line}


def _arranged(rows: ScoredRows, classes: tuple[str, ...]) -> ScoredRows:
    """The classes that the model knew, in its order: others may have been declared since."""
    place = {rows.classes.index(name): number for number, name in enumerate(classes)}
    number = np.array([place.get(at, -1) for at in range(len(rows.classes))] + [-1], dtype=np.int64)
    return replace(rows, score=rows.score[:, list(place)], decision=number[rows.decision], classes=classes)


def expected_share(rows: ScoredRows, estimator: QualityEstimator) -> float:
    """The share of yes that the curve of training expects of the rows."""
    return float(estimator.calibrators[0].of(in_order(rows.score, rows.decision)[0]).mean())


def _lines(rows: ScoredRows, estimator: QualityEstimator, places: Any, by: float) -> Iterator[dict[str, Any]]:
    # What is in order is sorted again in no time.
    score, decided = in_order(rows.score[places], rows.decision[places])
    of_training = estimator.estimates(score, decided)
    found = estimator.estimates(score, decided, by) if by else of_training
    for metric, before in of_training.items():
        line = {"rows": len(score), "metric": metric, "estimated": None, "by_training": None}
        line |= {"rows_error": None, "error": None, "moved_by": by}
        if before is not None:
            line["by_training"] = before.value
        if (now := found[metric]) is not None:
            line |= _with_errors(now, estimator.strayed.get(metric))
        yield line


def _with_errors(found: Estimate, strayed: float | None) -> dict[str, float | None]:
    return {
        "estimated": found.value,
        "rows_error": sqrt(found.variance),
        "error": None if strayed is None else sqrt(found.variance + strayed),
    }


def by_day(lines: Iterable[Mapping[str, Any]], role: str, version: int) -> dict[str, dict[dt.date, Estimated]]:
    """The estimates of one role and version as a whole by the curve of training alone, from rows of the table."""
    whole, found = {"role": role, "model_version": version, "slice": ALL}, dict[str, dict[dt.date, Estimated]]()
    for line in lines:
        if whole.items() <= line.items() and line["by_training"] is not None:
            found.setdefault(line["metric"], {})[line["partition"]] = Estimated(line["rows"], line["by_training"])
    return found
