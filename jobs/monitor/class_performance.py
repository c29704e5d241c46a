"""How good the scores of a label of several classes turned out: as a whole, of each class, and which was decided for which.

Lines of the performance table whose ``slice`` is ``class`` are of one class, ``slice_value``, against all others: its metrics, and
in ``decided_<class>`` how many rows of the class were decided for each. Their ``rows`` and ``labelled_rows`` are the class's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.declaration import class_names, metric_names
from lakehouse.declaration.reserved_names import CLASS
from lakehouse.evaluation import class_metrics

Floats = NDArray[np.float64]

DECIDED = "decided_"


def whole(label: Floats, score: Floats, decision: NDArray[np.int64]) -> dict[str, float | None]:
    """The metrics of labelled rows; see `lakehouse.evaluation.class_metrics.compute`."""
    return class_metrics.compute(*in_order(label, score, decision))


def lines(
    classes: Sequence[str], label: Floats, score: Floats, decision: NDArray[np.int64]
) -> Iterator[dict[str, Any]]:
    """Lines of each class, without what identifies the day, the role and the version.

    Args:
        classes: their names, in the order of their numbers.
        label: shape (rows,), NaN where none came.
        score: shape (rows, classes).
        decision: shape (rows,), the number of the decided class.
    """
    known = ~np.isnan(label)
    label, score, decision = in_order(label[known], score[known], decision[known])
    counts = class_metrics.confusion(label, decision, len(classes))
    columns = tuple(map(class_names.in_column, classes))
    measured = class_metrics.by_class(label, score, decision)
    for name, own, values in zip(classes, counts, measured, strict=True):
        about = {"slice": CLASS, "slice_value": name, "rows": int(own.sum()), "labelled_rows": int(own.sum())}
        decided = {f"{DECIDED}{column}": float(count) for column, count in zip(columns, own, strict=True)}
        for metric, value in {**values, **decided}.items():
            yield {**about, "metric": metric, "value": value}


def in_order(label: Floats, score: Floats, decision: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """The rows in an order that they alone decide: sums of floats depend on it, and that of the files is chance."""
    order = np.lexsort((*score.T[::-1], decision, label))
    return label[order], score[order], decision[order]


def gaps(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The calibration gap of each class, from the lines of one day, role and version."""
    return {
        row["slice_value"]: row["value"]
        for row in rows
        if row["slice"] == CLASS and row["metric"] == metric_names.CALIBRATION_GAP and row["value"] is not None
    }
