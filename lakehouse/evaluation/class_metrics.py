"""The metrics of rows with a label of several classes: as a whole, of each class, and how often each was decided for which.

`lakehouse.declaration.class_catalogue` has the formulas and what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lakehouse.declaration import metric_names
from lakehouse.declaration.class_catalogue import CLASS_METRICS, PER_CLASS, PER_CLASS_DECISIONS, Macro, of_class
from lakehouse.declaration.metric_catalogue import Rows
from lakehouse.declaration.metric_names import CALIBRATION_ERROR, CALIBRATION_GAP
from lakehouse.evaluation import metrics

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Decided = NDArray[np.int64]

Metrics = dict[str, float | None]


def compute(label: Floats, score: Floats, decided: Decided | None = None) -> Metrics:
    """All metrics of the rows as a whole.

    Args:
        label: shape (rows,), the number of the class that came.
        score: shape (rows, classes), the probability of each class.
        decided: shape (rows,), the number of the class that was decided; gives the metrics of decisions too.

    Returns:
        Metric by name; None where the rows do not define it.
    """
    rows = Rows(label, score, decided)
    own = by_class(label, score, decided)
    return {
        name: _whole(name, rows, own)
        for name, metric in CLASS_METRICS.items()
        if decided is not None or metric.group != "decisions"
    }


def by_class(label: Floats, score: Floats, decided: Decided | None = None) -> list[Metrics]:
    """The metrics of each class against all others, in the order of the classes; see `compute`.

    None where the rows do not define it: of recall without a row of the class, of precision without a row that was decided for it.
    """
    return [_of_class(Rows(label, score, decided), number) for number in range(score.shape[1])]


def named(columns: Sequence[str], label: Floats, score: Floats, decided: Decided | None = None) -> Metrics:
    """The same, each under the metric's and the class's name, such as ``recall_<class>``.

    Args:
        columns: the classes as parts of columns' names.
        label: see `compute`.
        score: see `compute`.
        decided: see `compute`.
    """
    return {
        metric_names.of_a_class(metric, name): value
        for name, own in zip(columns, by_class(label, score, decided), strict=True)
        for metric, value in own.items()
    }


def confusion(label: Floats, decided: Decided, classes: int) -> NDArray[np.int64]:
    """How many rows of each class (first axis) were decided for each (second axis): shape (classes, classes).

    Without rows that were decided for a class that is no more, -1.
    """
    import numpy as np

    kept = decided >= 0
    place = label[kept].astype(np.int64) * classes + decided[kept]
    return np.bincount(place, minlength=classes * classes).reshape(classes, classes)


def confusion_lines(classes: Sequence[str], label: Floats, decided: Decided) -> list[dict[str, Any]]:
    """The same as lines: ``true``, ``decided`` and ``rows``, for every pair of classes."""
    counts = confusion(label, decided, len(classes))
    return [
        {"true": true, "decided": other, "rows": int(counts[place, column])}
        for place, true in enumerate(classes)
        for column, other in enumerate(classes)
    ]


def recalibration(columns: Sequence[str], label: Floats, score: Floats) -> dict[str, float]:
    """Intercept and slope of each class's recalibration line, by name; without the classes that do not define one."""
    found = {}
    for number, name in enumerate(columns):
        own = of_class(Rows(label, score), number)
        if (line := metrics.recalibration(own.label, own.score)) is not None:
            found[f"calibration_intercept_{name}"], found[f"calibration_slope_{name}"] = line
    return found


def furthest(gaps: Sequence[float | None]) -> float | None:
    """The value that is furthest from 0."""
    known = [gap for gap in gaps if gap is not None]
    return max(known, key=abs) if known else None


def _of_class(rows: Rows, number: int) -> Metrics:
    own = of_class(rows, number)
    found = metrics.compute("classification", own.label, own.score)
    if rows.decided is not None:
        found |= metrics.of_decisions(own.label, rows.decided == number)
    names = PER_CLASS if rows.decided is not None else [name for name in PER_CLASS if name not in PER_CLASS_DECISIONS]
    return {name: found[name] for name in names}


def _whole(name: str, rows: Rows, own: Sequence[Metrics]) -> float | None:
    import numpy as np

    if not len(rows.label):
        return None
    if name in (CALIBRATION_GAP, CALIBRATION_ERROR):
        return furthest([one[name] for one in own])
    formula = CLASS_METRICS[name].formula
    if isinstance(formula, Macro):
        present = np.unique(rows.label).astype(int).tolist()
        # Never decided, a class has no precision: in the mean that counts as 0. One that all rows have can't be ranked.
        missing = 0.0 if formula.of in PER_CLASS_DECISIONS else None
        values = [missing if own[number][formula.of] is None else own[number][formula.of] for number in present]
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None
    assert formula is not None
    return float(formula.combine(*(np.sum(column) for column in formula.columns(rows))))
