"""The metrics' names by group, as `lakehouse.declaration.metric_catalogue` declares them: what a use case may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from lakehouse.declaration.metric_catalogue import METRICS, Group
from lakehouse.declaration.metric_catalogue import Task as Task


def _of(group: Group, task: Task) -> tuple[str, ...]:
    return tuple(metric.name for metric in METRICS.values() if metric.group == group and task in metric.tasks)


NAMES: Mapping[Task, tuple[str, ...]] = {
    "classification": _of("scores", "classification"),
    "regression": _of("scores", "regression"),
}

# What a gate compares models by. Pydantic reads the names, which a type checker can't.
if TYPE_CHECKING:
    ScoreMetric = str
else:
    ScoreMetric = Literal[(*NAMES["classification"], *NAMES["regression"])]

# These depend on the threshold.
OF_DECISIONS = _of("decisions", "classification")
CONFUSION = _of("confusion", "classification")
RATES = _of("rates", "classification")

CALIBRATION_GAP = METRICS["calibration_gap"].name
CALIBRATION_ERROR = METRICS["calibration_error"].name

GREATER_IS_BETTER = frozenset(metric.name for metric in METRICS.values() if metric.greater_is_better)

# The loss by which a model is tuned and watched.
LOSS: Mapping[Task, str] = {"classification": METRICS["log_loss"].name, "regression": METRICS["rmse"].name}
