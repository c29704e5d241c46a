"""How good scores turned out, once their labels have matured: by day, role, model version and slice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.monitor import class_performance, final_performance
from jobs.monitor.scored_rows import ScoredRows
from lakehouse.declaration import metric_names
from lakehouse.declaration.metric_names import Task
from lakehouse.evaluation import class_metrics, metrics
from lakehouse.evaluation.packed_scores import PackedScores
from lakehouse.evaluation.realised_worth import RealisedWorth
from lakehouse.storage import worker_threads

ALL = "all"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Matured:
    """How good one version's scores of some days turned out.

    Attributes:
        labelled_rows: rows with a matured label, at least one.
        gap: mean score minus mean label; of several classes that of the class which is furthest off.
        loss: log loss, or root mean squared error.
        gaps: by class, of a label of several.
    """

    labelled_rows: int
    gap: float
    loss: float
    gaps: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class WorthOfDay:
    """What decisions are worth, and the base rate that was known before the day; None where none was."""

    realised: RealisedWorth
    rate: tuple[float, ...] | None


def of_rows(rows: ScoredRows, task: Task, worth: WorthOfDay | None = None) -> Iterator[dict[str, Any]]:
    """The metrics of the rows as a whole and by each of their slices: rows of the performance table without fingerprint.

    ``worth`` adds what the decisions were worth; None: the use case does not say.
    """
    groups = [(ALL, ALL, slice(None), len(rows.score)), *_slices(rows)]
    model_alone = task == "classification" and rows.deciders is None
    packed = PackedScores.of(rows.label, rows.score) if model_alone else None
    works = [
        partial(_metrics, rows, task, places, count, worth)
        if packed is None
        else partial(_of_packed, packed, rows.decision, places, count, worth)
        for _, _, places, count in groups
    ]
    measured = worker_threads.run(works, len(rows.score))
    identity = {"partition": rows.day, "role": rows.role, "model_version": rows.version}
    for (name, text, _, _), lines in zip(groups, measured, strict=True):
        for line in lines:
            yield {**identity, "slice": name, "slice_value": text, **line}
        if name == ALL and rows.classes and rows.deciders is None:
            for line in class_performance.lines(rows.classes, rows.label, rows.score, rows.decision.astype(np.int64)):
                yield {**identity, **line}


def _slices(rows: ScoredRows) -> Iterator[tuple[str, str, Any, int]]:
    """Of each slice that rows are in its name, its value, the places of its rows and their number."""
    for name, texts in rows.slices.items():
        order, ends = texts.places()
        for text, first, end in zip(texts.texts, ends[:-1], ends[1:], strict=True):
            if first < end:
                yield name, text, order[first:end], end - first


def _metrics(rows: ScoredRows, task: Task, places: Any, count: int, worth: WorthOfDay | None) -> list[dict[str, Any]]:
    label, score, decision = rows.label[places], rows.score[places], rows.decision[places]
    known = ~np.isnan(label)
    if rows.deciders is not None and rows.withheld is not None:
        kinds, withheld = rows.deciders[places], rows.withheld[places]
        stands = known & ~withheld
        values = final_performance.measured(task, label[stands], score[stands], decision[stands])
        if worth is not None:
            realised = worth.realised.measured(label[stands], score[stands], decision[stands])
            values |= {f"{final_performance.FINAL}{name}": value for name, value in realised.items()}
        values |= final_performance.counted(kinds, withheld)
        return _lines(count, int(stands.sum()), values)
    if not known.all():
        label, score, decision = label[known], score[known], decision[known]
    others = dict[str, float | None]()
    if task == "classification" and np.all(decision >= 0):
        others |= metrics.of_decisions(label, decision == 1)
    if worth is not None:
        others |= worth.realised.beside(label, score, decision, worth.rate)
    if task == "multiclass":
        values = class_performance.whole(label, score, decision.astype(np.int64))
    else:
        # Sums of floats depend on their order, and that of the files on chance: the same rows must give the same numbers.
        order = np.lexsort((label, score))
        values = metrics.compute(task, label[order], score[order])
    return _lines(count, len(label), values | others)


def _of_packed(
    packed: PackedScores, every: NDArray[np.integer[Any]], places: Any, count: int, worth: WorthOfDay | None
) -> list[dict[str, Any]]:
    """The same of a classification, to the digit; ``every`` is the decision of each row."""
    own, decision = packed.at(places), every[places]
    known = own.known()
    if not known.all():
        own, decision = own.at(known), decision[known]
    others = dict[str, float | None]()
    if np.all(decision >= 0):
        others |= metrics.of_decisions(own.label(), decision == 1)
    if worth is not None:
        others |= worth.realised.beside(own.label().astype(np.float64), own.score(), decision, worth.rate)
    return _lines(count, len(decision), metrics.compute("classification", *own.ascending()) | others)


def _lines(rows: int, labelled: int, values: Mapping[str, float | None]) -> list[dict[str, Any]]:
    return [{"rows": rows, "labelled_rows": labelled, "metric": name, "value": value} for name, value in values.items()]


def by_day(rows: Iterable[Mapping[str, Any]], role: str, version: int, task: Task) -> dict[dt.date, Matured]:
    """One role and model version as a whole, on each day with labels, from rows of the performance table."""
    numbers_of_day: dict[dt.date, dict[str, Any]] = {}
    whole = {"role": role, "model_version": version, "slice": ALL}
    gaps_of_day: dict[dt.date, dict[str, float]] = {}
    for row in rows:
        if (row["role"], row["model_version"]) == (role, version):
            gaps_of_day.setdefault(row["partition"], {}).update(class_performance.gaps([row]))
        if whole.items() <= row.items() and row["labelled_rows"] and not final_performance.is_final(row["metric"]):
            numbers_of_day.setdefault(row["partition"], {})[row["metric"]] = row["value"]
            numbers_of_day[row["partition"]]["rows"] = row["labelled_rows"]
    return {
        day: Matured(
            numbers["rows"], numbers[metric_names.CALIBRATION_GAP], numbers[metric_names.LOSS[task]], gaps_of_day[day]
        )
        for day, numbers in numbers_of_day.items()
    }


def over(days: Sequence[Matured], task: Task) -> Matured:
    """Several days as one: exactly what their rows together give, since both losses are means over rows."""
    total = sum(day.labelled_rows for day in days)
    gap = sum(day.labelled_rows * day.gap for day in days) / total
    if task == "multiclass":
        names = dict.fromkeys(name for day in days for name in day.gaps)
        gaps = {name: sum(day.labelled_rows * day.gaps.get(name, 0.0) for day in days) / total for name in names}
        loss = sum(day.labelled_rows * day.loss for day in days) / total
        return Matured(total, class_metrics.furthest(list(gaps.values())) or 0.0, loss, gaps)
    if task == "regression":
        return Matured(total, gap, sqrt(sum(day.labelled_rows * day.loss**2 for day in days) / total))
    return Matured(total, gap, sum(day.labelled_rows * day.loss for day in days) / total)
