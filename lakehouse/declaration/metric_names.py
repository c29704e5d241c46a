"""The metrics' names by group, as `lakehouse.declaration.metric_catalogue` declares them: what a use case may name.

Those of several classes are declared by `lakehouse.declaration.class_catalogue`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from lakehouse.declaration.class_catalogue import CLASS_METRICS, PER_CLASS, PER_CLASS_DECISIONS
from lakehouse.declaration.metric_catalogue import METRICS, Group
from lakehouse.declaration.metric_catalogue import Task as Task
from lakehouse.declaration.worth_metrics import NAMES as OF_WORTH


def _of(group: Group, task: Task) -> tuple[str, ...]:
    return tuple(metric.name for metric in METRICS.values() if metric.group == group and task in metric.tasks)


NAMES: Mapping[Task, tuple[str, ...]] = {
    "classification": _of("scores", "classification"),
    "regression": _of("scores", "regression"),
    # Every row is decided: all but calibration.
    "multiclass": tuple(name for name, metric in CLASS_METRICS.items() if metric.group != "calibration"),
}

# What a gate compares models by. Pydantic reads the names, which a type checker can't.
if TYPE_CHECKING:
    ScoreMetric = str
else:
    ScoreMetric = Literal[tuple(dict.fromkeys(name for names in (*NAMES.values(), OF_WORTH) for name in names))]

# These depend on the threshold.
OF_DECISIONS = _of("decisions", "classification")
CONFUSION = _of("confusion", "classification")
RATES = _of("rates", "classification")

CALIBRATION_GAP = METRICS["calibration_gap"].name
CALIBRATION_ERROR = METRICS["calibration_error"].name

GREATER_IS_BETTER = frozenset(
    [metric.name for metric in METRICS.values() if metric.greater_is_better]
    + [metric.name for metric in CLASS_METRICS.values() if metric.greater_is_better]
    + list(OF_WORTH)
)


def greater_is_better(metric: str) -> bool:
    """Whether more of a metric is better; ``recall_<class>`` and the like are of one class."""
    rising = (f"{name}_" for name in PER_CLASS if name in GREATER_IS_BETTER)
    return metric in GREATER_IS_BETTER or metric.startswith(OF_WORTH) or metric.startswith(tuple(rising))


def of_a_class(metric: str, name: str) -> str:
    """What a metric of one class is called in results; ``name`` is the class as a part of a column's name."""
    return f"{metric}_{name}"


def is_of_a_class(metric: str) -> bool:
    """Whether it is the metric of one class among several."""
    return metric.startswith(tuple(f"{name}_" for name in PER_CLASS))


def class_floors(names: Iterable[str]) -> tuple[str, ...]:
    """The metrics of these classes that a gate may have a floor for."""
    return tuple(of_a_class(metric, name) for name in names for metric in PER_CLASS_DECISIONS)


# The loss by which a model is tuned and watched.
LOSS: Mapping[Task, str] = {
    "classification": METRICS["log_loss"].name,
    "regression": METRICS["rmse"].name,
    "multiclass": CLASS_METRICS["log_loss"].name,
}
