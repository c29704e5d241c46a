"""What measured alarms would have counted of the days after a training, from the rows in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.monitor import counts, performance
from jobs.monitor.alarms import matured
from jobs.monitor.alarms.seen import Seen
from jobs.monitor.scored_rows import ScoredRows
from lakehouse.declaration import UseCase
from lakehouse.evaluation.drift_profile import Distribution, Profile
from lakehouse.evaluation.labelled_rows import TrainingSet
from lakehouse.evaluation.packed_numbers import Whole
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
        scored: the rows of each day with their scores, labels and slices.
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
    task = use_case.model.task
    lines = [line for of_day in scored for line in performance.of_rows(of_day, task)]
    return Seen(sliced, labels, matured.by_slice(lines, registry.CHAMPION, version, task))


def _of(rows: TrainingSet, name: str, value: str) -> pa.Array:
    """Which rows are in the slice."""
    return pa.array(rows.slices[name] == value)
