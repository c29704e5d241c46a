"""Both versions measured on the same rows: metrics with intervals, slices, what is decided, and how calibrated the scores are.

Intervals have 95 % certainty and are of drawn days (`lakehouse.evaluation.day_bootstrap`): both versions are measured on the same
draws, so what is hard about a day cancels out of their difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.analyst.comparison import limits
from lakehouse.analyst.comparison.paired_rows import PairedRows
from lakehouse.declaration import UseCase, class_names, metric_names
from lakehouse.declaration.class_catalogue import CLASS_METRICS
from lakehouse.declaration.metric_catalogue import METRICS, Rows
from lakehouse.declaration.worth_metrics import PER_ROW
from lakehouse.evaluation import class_metrics, day_bootstrap, metrics
from lakehouse.evaluation.day_bootstrap import Draws
from lakehouse.evaluation.realised_worth import RealisedWorth

Bools = NDArray[np.bool_]

FIRST, SECOND, NEITHER = "first", "second", "neither"


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % interval; None where the days do not give one."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ComparedMetric:
    """A metric of both versions.

    Attributes:
        metric: its name.
        first, second: of each version.
        difference: the second less the first, in the metric's unit.
        better: which one is beyond noise: first, second or neither; None of a metric of which neither more nor less is better, and
            where the days are too few to tell.
    """

    metric: str
    first: Estimate
    second: Estimate
    difference: Estimate
    better: str | None


@dataclass(frozen=True)
class ComparedSlice:
    """The gate's metric on the rows of one slice."""

    slice: str
    value: str
    rows: int
    days: int
    compared: ComparedMetric


@dataclass(frozen=True)
class Measured:
    """The numbers of both versions on the same rows.

    Attributes:
        origin: where the scores are from: stored, or scored again.
        days: first and last day with a label.
        day_count, rows: days and rows with a label.
        unlabelled: rows that both scored and that have no label.
        roles: in which roles each was stored.
        metrics: the gate's metric first.
        slices: the largest first.
        slices_left_out: how many smaller ones are not told.
        agreement: on which share of all rows both decide alike; None for a value.
        note: what a limit left out; may be empty.
    """

    origin: str
    days: tuple[str, str]
    day_count: int
    rows: int
    unlabelled: int
    roles: tuple[tuple[str, ...], tuple[str, ...]]
    metrics: tuple[ComparedMetric, ...]
    slices: tuple[ComparedSlice, ...]
    slices_left_out: int
    agreement: float | None
    note: str


def measure(use_case: UseCase, pair: PairedRows) -> Measured | None:
    """Measure both; None when no row has a label."""
    known = ~np.isnan(pair.label)
    if not known.any():
        return None
    rows = tuple(labelled(use_case, pair, side, known) for side in (0, 1))
    days = pair.days[known]
    draws = Draws.of(days, use_case.model.seed, limits.RESAMPLES)
    values = tuple(_values(use_case, one) for one in rows)
    everything = np.ones(len(days), dtype=bool)
    names = [use_case.gate.metric, *(name for name in values[0] if name != use_case.gate.metric)]
    slices = sorted(_slices(use_case, pair, known, rows, draws), key=lambda one: (-one.rows, one.slice, one.value))
    decided = pair.decided
    agreement = None
    if decided[0] is not None and decided[1] is not None and len(decided[0]):
        agreement = float(np.mean(decided[0] == decided[1]))
    return Measured(
        origin=pair.origin,
        days=(str(days.min()), str(days.max())),
        day_count=len(np.unique(days)),
        rows=len(days),
        unlabelled=int((~known).sum()),
        roles=pair.roles,
        metrics=tuple(_metric(name, rows, (values[0].get(name), values[1].get(name)), draws, everything) for name in names),
        slices=tuple(slices[: limits.MOST_SLICES]),
        slices_left_out=max(0, len(slices) - limits.MOST_SLICES),
        agreement=agreement,
        note=pair.left_out,
    )  # fmt: skip


def labelled(use_case: UseCase, pair: PairedRows, side: int, known: Bools) -> Rows:
    """The labelled rows of one version, as metrics take them."""
    label, score, decided = pair.label[known], pair.scores[side][known], pair.decided[side]
    kept = None if decided is None else decided[known]
    worth = RealisedWorth.of(use_case)
    of_rows = None if worth is None else worth.of_rows(label, score, kept)
    if kept is None or use_case.classes:
        return Rows(label, score, None if kept is None else kept.astype(np.int64), of_rows)
    # Where something is not decided, no metric of decisions is defined.
    return Rows(label, score, kept == 1 if np.all(kept >= 0) else None, of_rows)


def _values(use_case: UseCase, rows: Rows) -> dict[str, float | None]:
    """Every metric that is one number of all rows, as monitoring stores it."""
    found = dict(metrics.compute(use_case.model.task, rows.label, rows.score, rows.decided))
    for name in metric_names.CONFUSION:
        found.pop(name, None)
    if use_case.binary and rows.decided is not None:
        found |= {name: day_bootstrap.value(name, rows) for name in metric_names.RATES}
    if rows.worth is not None:
        found[PER_ROW] = day_bootstrap.value(PER_ROW, rows)
    if use_case.classes and rows.decided is not None:
        columns = tuple(map(class_names.in_column, use_case.classes))
        found |= class_metrics.named(columns, rows.label, rows.score, rows.decided.astype(np.int64))
    return found


def _metric(
    name: str, rows: tuple[Rows, ...], values: tuple[float | None, float | None], draws: Draws, kept: Bools
) -> ComparedMetric:
    first, second = values
    if first is None or second is None or not _drawn(name, rows[0]):
        gap = None if first is None or second is None else second - first
        return ComparedMetric(name, Estimate(first), Estimate(second), Estimate(gap), None)
    drawn = [draws.values(name, one, None if kept.all() else kept) for one in rows]
    days = len(np.unique(draws.day[kept]))
    estimates = [
        Estimate(value, *(day_bootstrap.interval(of_draws, days) or (None, None)))
        for value, of_draws in ((first, drawn[0]), (second, drawn[1]), (second - first, drawn[1] - drawn[0]))
    ]
    return ComparedMetric(name, estimates[0], estimates[1], estimates[2], better(name, estimates[2], days))


def better(metric: str, difference: Estimate, days: int) -> str | None:
    """Which version is better beyond noise, from the second less the first."""
    if metric in (metric_names.CALIBRATION_GAP, *metric_names.RATES):
        return None
    if difference.low is None or difference.high is None or days < limits.MIN_DAYS:
        return None
    if difference.low <= 0 <= difference.high:
        return NEITHER
    more = difference.low > 0
    return SECOND if more == metric_names.greater_is_better(metric) else FIRST


def _drawn(metric: str, rows: Rows) -> bool:
    """Whether the metric has a formula that holds for drawn days."""
    catalogue: Mapping[str, Any] = METRICS if rows.score.ndim == 1 else CLASS_METRICS
    return metric == PER_ROW or (metric in catalogue and catalogue[metric].formula is not None)


def _slices(
    use_case: UseCase, pair: PairedRows, known: Bools, rows: tuple[Rows, ...], draws: Draws
) -> Iterator[ComparedSlice]:
    metric = use_case.gate.metric
    for name, texts in pair.slices.items():
        code = texts.code[known]
        counts = np.bincount(code[code >= 0], minlength=len(texts.texts))
        for place in np.argsort(-counts, kind="stable")[: limits.MOST_SLICES + 1].tolist():
            kept = code == place
            if not kept.any():
                continue
            values = day_bootstrap.value(metric, rows[0][kept]), day_bootstrap.value(metric, rows[1][kept])
            compared = _metric(metric, rows, values, draws, kept)
            days = len(np.unique(draws.day[kept]))
            yield ComparedSlice(name, texts.texts[place], int(counts[place]), days, compared)
