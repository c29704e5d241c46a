"""XGBoost's parameters that a use case may fix or search, with their bounds; XGBoost itself ignores a name that it does not know.

The list is held here, because reading a declaration must not import XGBoost. tests/lakehouse/declaration/test_xgboost_parameters.py
compares it with the installed version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 2**31 - 1
# XGBoost calculates in 32 bits, and refuses a number that is closer to 0.
LEAST = 1e-30


@dataclass(frozen=True)
class Parameter:
    """One parameter: a number within bounds, or one of some words.

    Attributes:
        low, high: the least and the greatest value.
        above_low: whether 0, being ``low``, is not allowed itself.
        integer: whether only whole numbers are.
        words: the allowed words; then it is no number.
        only: the objective or the booster that reads it; None for all.
    """

    low: float = 0
    high: float = float(MOST)
    above_low: bool = False
    integer: bool = False
    words: tuple[str, ...] = ()
    only: str | None = None

    def takes(self, value: Any) -> bool:
        """Whether ``value`` is allowed."""
        if self.words:
            return value in self.words
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.integer and not float(value).is_integer():
            return False
        return (
            self.low <= value <= self.high
            and (value == 0 or abs(value) >= LEAST)
            and not (self.above_low and not value)
        )

    @property
    def expected(self) -> str:
        """What is allowed, in words."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        low = f"{'above' if self.above_low else 'of at least'} {self.low:g}"
        high = "" if self.high == MOST else f" and at most {self.high:g}"
        return f"a {'whole ' if self.integer else ''}number {low}{high}"


_SHARE = Parameter(0, 1, above_low=True)

KNOWN: Mapping[str, Parameter] = {
    "eta": _SHARE,
    "max_depth": Parameter(integer=True, low=0, high=64),
    "max_leaves": Parameter(integer=True, high=2**20),
    "max_bin": Parameter(integer=True, low=2, high=2**16),
    "min_child_weight": Parameter(),
    "gamma": Parameter(),
    "max_delta_step": Parameter(),
    "subsample": _SHARE,
    "colsample_bytree": _SHARE,
    "colsample_bylevel": _SHARE,
    "colsample_bynode": _SHARE,
    "reg_lambda": Parameter(),
    "reg_alpha": Parameter(),
    "scale_pos_weight": Parameter(above_low=True),
    # Of categories: how many levels a split takes one by one, and how many go to one side at most.
    "max_cat_to_onehot": Parameter(integer=True, low=1),
    "max_cat_threshold": Parameter(integer=True, low=1),
    "num_parallel_tree": Parameter(integer=True, low=1, high=1000),
    "base_score": Parameter(low=-1e30, high=1e30),
    "grow_policy": Parameter(words=("depthwise", "lossguide")),
    "sampling_method": Parameter(words=("uniform", "gradient_based")),
    "tree_method": Parameter(words=("hist", "auto")),
    "booster": Parameter(words=("gbtree", "dart")),
    "rate_drop": Parameter(0, 1, only="dart"),
    "skip_drop": Parameter(0, 1, only="dart"),
    "one_drop": Parameter(0, 1, integer=True, only="dart"),
    "sample_type": Parameter(words=("uniform", "weighted"), only="dart"),
    "normalize_type": Parameter(words=("tree", "forest"), only="dart"),
    "huber_slope": Parameter(above_low=True, only="reg:pseudohubererror"),
    "quantile_alpha": Parameter(0.001, 0.999, only="reg:quantileerror"),
    "tweedie_variance_power": Parameter(1.001, 1.999, only="reg:tweedie"),
}
# Other names for the same, which are read as these: XGBoost given both takes one of them.
ALIASES: Mapping[str, str] = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "lambda": "reg_lambda",
    "alpha": "reg_alpha",
}
# Lists of constraints by position of the feature, as text.
CONSTRAINTS = ("monotone_constraints", "interaction_constraints")
# What the platform decides itself, and where a use case says it instead.
PLATFORM: Mapping[str, str] = {
    "seed": "write model.seed",
    "random_state": "write model.seed",
    "seed_per_iteration": "a training must be repeatable",
    "nthread": "the machine's cores are used",
    "n_jobs": "the machine's cores are used",
    "device": "models are trained on the machine's cores",
    "eval_metric": "trials are compared by the task's loss",
    "disable_default_eval_metric": "trials are compared by the task's loss",
    "num_class": "it follows from label.classes",
    "num_round": "write model.max_rounds",
    "num_boost_round": "write model.max_rounds",
    "n_estimators": "write model.max_rounds",
    "early_stopping_rounds": "write model.early_stopping_rounds",
    "verbosity": "the log has a line for each trial",
    "validate_parameters": "parameters are checked here",
    "missing": "null is not known",
    "updater": "trees are grown by histograms",
    "process_type": "trees are grown by histograms",
    "refresh_leaf": "trees are grown by histograms",
    "multi_strategy": "one number is predicted",
    "boost_from_average": "write model.fixed.base_score",
    "enable_categorical": "write type: category at the feature",
}


def canonical(section: str, values: Any) -> Any:
    """The same parameters under the names that are known here, and numbers that were written as text as numbers.

    Raises:
        ValueError: when a parameter is given under both of its names.
    """
    if not isinstance(values, Mapping):
        return values
    result: dict[Any, Any] = {}
    for name, value in values.items():
        known = ALIASES.get(name, name) if isinstance(name, str) else name
        if known in result:
            raise ValueError(f"{section}: {name} is another name for {known}; expected one of them")
        # YAML 1.1 reads 1e-3 as text.
        result[known] = _number(value, KNOWN[known].integer) if known in KNOWN and not KNOWN[known].words else value
    return result


def problems(section: str, name: str) -> Iterator[str]:
    """What is wrong with naming the parameter in a section."""
    if name in PLATFORM:
        yield f"{section}.{name}: is set by the platform, leave it out: {PLATFORM[name]}"
    elif name not in (*KNOWN, *CONSTRAINTS, "objective"):
        yield f"{section}.{name}: XGBoost has no such parameter; expected one of {', '.join((*KNOWN, *CONSTRAINTS, 'objective'))}"


def constraint_problems(fixed: Mapping[str, Any], features: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with the fixed constraints for these features."""
    monotone, interaction = (fixed.get(name) for name in CONSTRAINTS)
    if monotone is not None:
        written = re.fullmatch(r"\((-?[01](?:,-?[01])*)\)", str(monotone))
        if written is None or len(written[1].split(",")) != len(features):
            yield (
                f"model.fixed.monotone_constraints: expected 1, 0 or -1 for each of the {len(features)} features, such as "
                f'"(1,0,-1)", found {monotone!r}'
            )
    if interaction is not None and not _positions(interaction, len(features)):
        yield (
            "model.fixed.interaction_constraints: expected groups of features by position, the first is 0 and the last "
            f'{len(features) - 1}, such as "[[0,1]]", found {interaction!r}'
        )


def _positions(written: Any, features: int) -> bool:
    try:
        groups = json.loads(str(written))
    except ValueError:
        return False
    return (
        isinstance(groups, list)
        and bool(groups)
        and all(isinstance(group, list) and group for group in groups)
        and all(type(one) is int and 0 <= one < features for group in groups for one in group)
    )


def _number(value: Any, integer: bool) -> Any:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    return int(value) if integer and isinstance(value, float) and value.is_integer() else value
