"""The model of a use case: XGBoost's parameters, the ranges to search, and the budget of the search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration import objectives, xgboost_parameters
from lakehouse.declaration.metric_catalogue import Task
from lakehouse.declaration.objectives import OBJECTIVES, Objective
from lakehouse.declaration.section import GrownSection, Section, refuse, twice
from lakehouse.declaration.xgboost_parameters import KNOWN

MAX_LEVELS = 1000

# The simplest first.
CANDIDATES = ("linear", "boosted", "blend")
# What XGBoost's objectives have a linear counterpart for.
LINEAR_OBJECTIVES = (
    "binary:logistic",
    "multi:softprob",
    "reg:squarederror",
    "reg:logistic",
    "count:poisson",
    "reg:gamma",
    "reg:tweedie",
)


class Range(Section):
    """A hyperparameter's range for Optuna."""

    low: float
    high: float
    log: bool = False
    integer: bool = False

    @model_validator(mode="after")
    def _has_an_inside(self) -> Range:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        if self.low >= self.high:
            yield (
                f"low: expected less than high ({self.high:g}), found {self.low:g}; a single value belongs under model.fixed"
            )
        if self.integer:
            for name, bound in (("low", self.low), ("high", self.high)):
                if not bound.is_integer():
                    yield f"{name}: expected a whole number with integer: true, found {bound:g}"
        if self.log and self.low <= 0:
            yield f"low: expected a number above 0 with log: true, found {self.low:g}"
        elif self.log and self.integer and self.low < 1:
            yield f"low: expected at least 1 with log and integer: true, found {self.low:g}"


class LinearModel(Section):
    """The linear model among the candidates."""

    # How little the coefficients are pulled towards 0: scikit-learn's C. Of several the one with the least loss is taken.
    strengths: tuple[Annotated[float, Field(ge=1e-9, le=1e9)], ...] = Field(
        default=(0.001, 0.01, 0.1, 1.0), min_length=1, max_length=20
    )


Cost = Annotated[float, Field(ge=0, le=1e12)]


class Model(GrownSection):
    """The model and the budget of its tuning."""

    LATER = ("max_levels", "costs", "candidates", "linear", "trees_share")

    task: Task
    # XGBoost's parameters; lakehouse/declaration/xgboost_parameters.py lists them.
    fixed: dict[str, float | int | str] = Field(default_factory=dict)
    search: dict[str, Range] = Field(default_factory=dict)
    # The search ends after so many trials, and starts none after so many minutes.
    trials: int = Field(default=15, ge=1, le=1000)
    minutes: float | None = Field(default=None, gt=0, le=60 * 24 * 7)
    max_rounds: int = Field(default=400, ge=1, le=10_000)
    early_stopping_rounds: int = Field(default=30, ge=1, le=10_000)
    seed: int = Field(default=20130101, ge=0, le=2**31 - 1)
    # Of a category with more levels the model learns the most frequent; the others are missing to it.
    max_levels: int = Field(default=MAX_LEVELS, ge=2, le=10_000)
    # The costs of a miss and of a false alarm, in one unit. The threshold minimises the cost on validation.
    cost_of_miss: float = Field(default=1.0, gt=0, le=1e12)
    cost_of_false_alarm: float = Field(default=1.0, gt=0, le=1e12)
    # Of several classes: what it costs to decide the inner one where the outer one is true. Left out: 1, and 0 where it is right.
    # Each row is decided for the class whose expected cost is least.
    costs: dict[str, dict[str, Cost]] = Field(default_factory=dict)

    # What may become the model, chosen by rolling validation where there are several.
    candidates: tuple[Literal["linear", "boosted", "blend"], ...] = Field(default=("boosted",), min_length=1)
    linear: LinearModel = Field(default_factory=LinearModel)
    # Of a blend: how much its trees count, in log-odds; the coefficients count the rest.
    trees_share: float = Field(default=0.5, gt=0, lt=1)

    @field_validator("fixed", "search", mode="before")
    @classmethod
    def _parameters_have_one_name(cls, value: Any) -> Any:
        return xgboost_parameters.canonical("model", value)

    @model_validator(mode="after")
    def _xgboost_takes_the_parameters(self) -> Model:
        refuse([*self._names(), *self._values(), *self._objective(), *self._candidates()])
        return self

    @property
    def objective_name(self) -> str:
        """What the model is trained for, under XGBoost's name."""
        return str(self.fixed.get("objective", objectives.DEFAULT[self.task]))

    @property
    def objective(self) -> Objective:
        """The scale of the model's sums, and the labels that it can take."""
        return OBJECTIVES[self.task][self.objective_name]

    @property
    def break_even(self) -> float:
        """The probability from which a yes is expected to cost no more than a no."""
        return self.cost_of_false_alarm / (self.cost_of_miss + self.cost_of_false_alarm)

    @property
    def trees(self) -> bool:
        """Whether any candidate has trees, which are searched for."""
        return any(kind != "linear" for kind in self.candidates)

    @property
    def coefficients(self) -> bool:
        """Whether any candidate has coefficients."""
        return any(kind != "boosted" for kind in self.candidates)

    def _candidates(self) -> Iterator[str]:
        yield from twice("candidates", self.candidates)
        if "trees_share" in self.model_fields_set and "blend" not in self.candidates:
            yield "trees_share: is of a blend; expected blend under candidates, or no trees_share"
        if self.coefficients and self.objective_name not in LINEAR_OBJECTIVES:
            kinds = " and ".join(kind for kind in self.candidates if kind != "boosted")
            yield (
                f"candidates: {kinds}: expected an objective that has a linear counterpart ({', '.join(LINEAR_OBJECTIVES)}), found "
                f"{self.objective_name}; leave {kinds} out, or choose another objective"
            )

    def _names(self) -> Iterator[str]:
        for section, names in (("fixed", self.fixed), ("search", self.search)):
            for name in names:
                yield from xgboost_parameters.problems(section, name)
        if both := sorted(self.fixed.keys() & self.search.keys()):
            yield f"fixed: {', '.join(both)} is under search too; expected in one of them"
        if "max_bin" in self.search:
            yield "search.max_bin: expected under model.fixed, since rows are binned once for all trials"

    def _values(self) -> Iterator[str]:
        for name, value in self.fixed.items():
            if name in KNOWN and not KNOWN[name].takes(value):
                yield f"fixed.{name}: expected {KNOWN[name].expected}, found {value!r}"
        for name, span in self.search.items():
            known = KNOWN.get(name)
            if known is None or known.words:
                if name not in xgboost_parameters.PLATFORM:
                    yield f"search.{name}: is no number that can be searched; expected under model.fixed"
                continue
            if known.integer and not span.integer:
                yield f"search.{name}: expected integer: true, since XGBoost takes whole numbers alone"
            for bound in {span.low, span.high}:
                if not known.takes(bound):
                    yield f"search.{name}: expected {known.expected}, found {bound:g}"

    def _objective(self) -> Iterator[str]:
        known, name = OBJECTIVES[self.task], self.objective_name
        if name not in known:
            yield f"fixed.objective: expected one that predicts a {self.task}: {', '.join(known)}; found {name!r}"
            return
        objective, given = known[name], {**self.fixed, **self.search}
        readers = (name, self.fixed.get("booster", "gbtree"))
        for parameter in given:
            if parameter in KNOWN and KNOWN[parameter].only not in (None, *readers):
                yield f"{parameter}: is read with {KNOWN[parameter].only} alone; the model has {' and '.join(map(str, readers))}"
        if objective.needs is not None and objective.needs not in given:
            yield f"fixed.{objective.needs}: is missing, and {name} needs it"
        base = self.fixed.get("base_score")
        if objective.scale == "softmax":
            for parameter in sorted({"base_score", "scale_pos_weight"}.intersection(given)):
                yield f"{parameter}: changes nothing of a model of several classes; expected it to be left out"
            return
        if "base_score" in self.search:
            yield "search.base_score: expected under model.fixed, or left out: it is made from the labels"
        if isinstance(base, int | float) and not _starts(objective, float(base)):
            yield f"fixed.base_score: expected a score that {name} can give ({objective.labels}), found {base:g}"


def _starts(objective: Objective, base: float) -> bool:
    if objective.scale == "logit":
        return 0 < base < 1
    return base > (0 if objective.scale == "log" else -1 if objective.above is not None else float("-inf"))
