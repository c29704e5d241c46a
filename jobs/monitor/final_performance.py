"""How good what was decided turned out: by rules and fallbacks too, beside what the model alone said.

Lines of the performance table whose metric begins with ``final_`` are of the scores and decisions that counted, and those with
``rows_by_`` say how many rows the model, rules and fallbacks decided. Only use cases with rules or fallbacks have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.monitor import class_performance
from lakehouse.declaration.metric_names import Task
from lakehouse.declaration.rules import FALLBACK, MODEL, RULE
from lakehouse.evaluation import metrics

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]

FINAL, ROWS_BY = "final_", "rows_by_"
KINDS = (MODEL, RULE, FALLBACK)
WITHHELD = "rows_withheld"

# Of all rows that have a score, or a decision: a handful that tells whether rules and fallbacks did better than the model.
OF_SCORES: Mapping[Task, tuple[str, ...]] = {
    "classification": ("log_loss", "brier"),
    "regression": ("rmse", "mae"),
    "multiclass": (),
}
OF_CLASSES = ("accuracy", "macro_precision", "macro_recall", "macro_f1")


def is_final(metric: str) -> bool:
    """Whether a line is of what was decided, and not of the model."""
    return metric.startswith((FINAL, ROWS_BY)) or metric == WITHHELD


def measured(task: Task, label: Floats, score: Floats, decision: Codes) -> dict[str, float | None]:
    """The metrics of labelled rows whose decision stands.

    Args:
        task: of the use case.
        label: shape (rows,).
        score: shape (rows,), of several classes (rows, classes): what counted.
        decision: shape (rows,), 1 or 0, or the number of a class; -1 where nothing was decided.
    """
    values = {name: metrics.value(name, label, score) for name in OF_SCORES[task]}
    decided = decision >= 0
    if task == "classification":
        found = metrics.of_decisions(label[decided], decision[decided] == 1)
        values |= {name: found[name] for name in ("precision", "recall", "f1")}
    elif task == "multiclass":
        own = class_performance.whole(label[decided], score[decided], decision[decided].astype(np.int64))
        values |= {name: own[name] for name in OF_CLASSES}
    return {f"{FINAL}{name}": value for name, value in values.items()}


def counted(kinds: NDArray[np.object_], withheld: NDArray[np.bool_]) -> dict[str, float | None]:
    """How many rows, labelled or not, each kind decided, and of how many the decision is withheld."""
    rows: dict[str, float | None] = {f"{ROWS_BY}{kind}": float(np.count_nonzero(kinds == kind)) for kind in KINDS}
    return rows | {WITHHELD: float(np.count_nonzero(withheld))}
