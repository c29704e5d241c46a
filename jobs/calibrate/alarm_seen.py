"""What measured alarms would have counted of the days after a training, from the rows in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.monitor import counts, performance
from jobs.monitor.alarms import matured
from jobs.monitor.alarms.seen import Seen
from jobs.monitor.scored_rows import ScoredRows
from lakehouse.declaration import UseCase, metric_names
from lakehouse.declaration.metric_names import Task
from lakehouse.evaluation import metrics, residuals
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.packed_numbers import Whole
from lakehouse.evaluation.residuals import Residual
from lakehouse.evaluation.training_days import ALL
from lakehouse.models import registry


def of_rows(
    use_case: UseCase,
    profile: Profile,
    by_day: Mapping[dt.date, tuple[TrainingSet, pa.Table]],
    scored: Iterable[ScoredRows],
    version: int,
) -> Seen:
    """Slices, labels and quality of these days; of a profile without its days nothing.

    Args:
        use_case: declares the label.
        profile: by whose bins.
        by_day: the rows of each day, and the same as the feature table has them.
        scored: the rows of each day with their scores, labels and slices, in the order of ``by_day``.
        version: of the model that scored.
    """
    history = profile.history
    if history is None:
        return Seen()
    bins = Distribution(edges=history.label_edges, shares=(), ordinary_psi=None)
    sliced: dict[str, dict[dt.date, Whole]] = {name: {} for name in profile.features}
    labels: dict[dt.date, Any] = {}
    for day, (rows, table) in by_day.items():
        labels[day] = counts.by_bin(rows.label, bins)
        if not history.slices:
            continue
        its = [counts.of_columns(table.filter(_of(rows, *one)), profile.features) for one in history.slices]
        for name in profile.features:
            sliced[name][day] = np.stack([one[name] for one in its])
    task, judged = use_case.model.task, list(scored)
    lines = [line for of_day in judged for line in _quality(of_day, task)]
    related: dict[str, dict[dt.date, Residual]] = {name: {} for name in history.relations}
    for of_day in judged if related else ():
        its_rows, residual = by_day[of_day.day][1], of_day.label - of_day.score
        for name, found in residuals.of_columns(its_rows, residual, profile.features).items():
            related[name][of_day.day] = found
    return Seen(sliced, labels, matured.by_slice(lines, registry.CHAMPION, version, task), related)


def _quality(rows: ScoredRows, task: Task) -> Iterator[dict[str, Any]]:
    """The lines of the performance table that alarms look at: of each slice its gap and its loss."""
    if task == "multiclass":
        yield from performance.of_rows(rows, task)
        return
    known, names = ~np.isnan(rows.label), (metric_names.CALIBRATION_GAP, metric_names.LOSS[task])
    slices = [(ALL, ALL, known)]
    for name, texts in rows.slices.items():
        slices += [(name, text, known & (texts.code == code)) for code, text in enumerate(texts.texts)]
    # Sums of floats depend on their order: in that of the performance table.
    order = np.lexsort((rows.label, rows.score))
    for name, value, kept in slices:
        its = order[kept[order]]
        label, score = rows.label[its], rows.score[its]
        of = {"partition": rows.day, "role": rows.role, "model_version": rows.version, "slice": name}
        for metric in names:
            yield {
                **of, "slice_value": value, "labelled_rows": len(its), "metric": metric,
                "value": metrics.value(metric, label, score),
            }  # fmt: skip


def _of(rows: TrainingSet, name: str, value: str) -> pa.Array:
    """Which rows are in the slice."""
    return pa.array(rows.slices[name] == value)
