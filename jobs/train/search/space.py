"""The space of a search: the declared ranges, and XGBoost's parameters made from a point in them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakehouse.declaration import Model, Range, objectives
from lakehouse.declaration.metric_names import Task
from lakehouse.errors import DeclarationError

if TYPE_CHECKING:
    import optuna

    from lakehouse.evaluation.labelled_rows import TrainingSet

Value = float | int | str

# The task's loss (lakehouse.declaration.metric_names.LOSS) under XGBoost's name.
EVAL_METRIC: Mapping[Task, str] = {"classification": "logloss", "regression": "rmse", "multiclass": "mlogloss"}

# Searched when a use case declares no ranges of its own. The ranges lean to strong regularisation: the rows of a day
# have common causes, so that a hundred thousand rows are a hundred days, and small leaves memorise days. The learning rate
# is not searched: pruning compares trials by their loss after equally many trees, and would prune every slow learner. A name
# under model.fixed is left out.
DEFAULT_SEARCH: Mapping[str, Range] = {
    "max_depth": Range(low=4, high=9, integer=True),
    "min_child_weight": Range(low=10, high=250, log=True),
    "subsample": Range(low=0.4, high=0.9),
    "colsample_bynode": Range(low=0.1, high=0.5),
    "reg_lambda": Range(low=3, high=100, log=True),
}


def ranges(model: Model) -> Mapping[str, Range]:
    """The ranges to search: the declared ones, else the platform's less what the declaration fixes.

    Raises:
        DeclarationError: when the number of bins is among them.
    """
    if "max_bin" in model.search:
        raise DeclarationError(
            "model.search.max_bin: expected under model.fixed, since rows are binned once for all trials"
        )
    return model.search or {name: span for name, span in DEFAULT_SEARCH.items() if name not in model.fixed}


def budget(model: Model) -> int:
    """How many trials a search has: one where nothing is searched, since all would be the same."""
    return model.trials if ranges(model) else 1


def parameters(
    model: Model, chosen: Mapping[str, Value], nthread: int | None = None, classes: int = 0
) -> dict[str, Value]:
    """XGBoost's parameters: the platform's, overridden by the declared fixed ones, overridden by the chosen ones.

    ``classes``: how many there are, of a label of several classes.
    """
    objective = objectives.DEFAULT[model.task]
    params: dict[str, Value] = {
        "tree_method": "hist",
        "max_bin": 256,
        "eta": 0.05,
        "objective": objective,
        **model.fixed,
        "nthread": nthread or cores(),
        "seed": model.seed,
        "eval_metric": EVAL_METRIC[model.task],
        **chosen,
    }
    if model.task == "classification":
        # Scores are probabilities: threshold, log loss and calibration mean nothing for anything else.
        params["objective"] = objective
    if model.task == "multiclass":
        params["num_class"] = classes
    return params


def classes_of(model: Model, train: TrainingSet) -> int:
    """How many classes the label has; 0 unless it has several. Training rows have every class, the last one among them."""
    return int(train.label.max()) + 1 if model.task == "multiclass" else 0


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def middle(declared: Range) -> Value:
    """The middle of a range, on its own scale."""
    value = math.sqrt(declared.low * declared.high) if declared.log else (declared.low + declared.high) / 2
    return round(value) if declared.integer else value


def middles(model: Model) -> dict[str, Value]:
    """The middle of every range."""
    return {name: middle(declared) for name, declared in ranges(model).items()}


def fits(model: Model, chosen: Mapping[str, Value]) -> bool:
    """Whether a point has a value within each range that is searched, and no other value."""
    searched = ranges(model)
    return set(chosen) == set(searched) and all(
        isinstance(value, int | float)
        and searched[name].low <= value <= searched[name].high
        and (not searched[name].integer or value == int(value))
        for name, value in chosen.items()
    )


def suggest(trial: optuna.Trial, name: str, declared: Range) -> Value:
    """Optuna's suggestion for a declared range."""
    if declared.integer:
        return trial.suggest_int(name, int(declared.low), int(declared.high), log=declared.log)
    return trial.suggest_float(name, declared.low, declared.high, log=declared.log)
