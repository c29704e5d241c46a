"""What a team declares: the vocabulary of ``use_case.yaml``.

Every class here is one section of the file. Unknown fields are refused, so that a typing mistake is an error and not a
setting silently ignored. What spans sections (a label's column must exist in its source) is checked by
the model validators of :class:`UseCase` at the end.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lakehouse.metrics import NAMES

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
ColumnType = Literal["string", "int", "long", "double", "boolean", "date", "timestamp"]

# Columns that the platform adds; a source or a use case may not take these names.
RESERVED = frozenset({"partition", "delivery_id", "line", "raw", "reasons", "ingested_at", "extra"})


class Section(BaseModel):
    """A part of the file: immutable, and closed to fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Column(Section):
    """A column of a source and what its values must satisfy."""

    name: Name
    type: ColumnType
    description: str = ""
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _pattern_compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"a regular expression is expected: {error}") from error
        return value

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Column:
        if (self.minimum is not None or self.maximum is not None) and self.type not in ("int", "long", "double"):
            raise ValueError(f"minimum and maximum need a numeric column, {self.name} is {self.type}")
        if (self.allowed is not None or self.pattern is not None) and self.type != "string":
            raise ValueError(f"allowed and pattern need a string column, {self.name} is {self.type}")
        return self


class RowRule(Section):
    """A condition across the columns of a row, in Spark SQL; a row for which it is false is rejected."""

    name: Name
    expression: str


class Source(Section):
    """A source and its contract.

    ``cadence`` daily: one delivery is expected for every partition. ``occasional``: reference data that is delivered when it
    changes; readers take, for each key, the latest row known on their day.
    """

    name: Name
    description: str = ""
    cadence: Literal["daily", "occasional"] = "daily"
    # How many days after the day that it describes a delivery arrives: 0 is a plan known before the day, 1 the record
    # delivered the morning after.
    arrives_after_days: int = Field(default=0, ge=0, le=31)
    columns: tuple[Column, ...] = Field(min_length=1)
    key: tuple[Name, ...] = Field(min_length=1)
    row_rules: tuple[RowRule, ...] = ()
    max_reject_share: float = Field(default=0.05, ge=0, le=1)

    @model_validator(mode="after")
    def _columns_are_consistent(self) -> Source:
        names = [column.name for column in self.columns]
        _refuse_twice("columns", names)
        if taken := sorted(RESERVED.intersection(names)):
            raise ValueError(f"columns: {', '.join(taken)} belong to the platform, choose other names")
        _expect_known("key", self.key, names, f"the columns of source {self.name}")
        return self

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns in declared order."""
        return tuple(column.name for column in self.columns)


class Calendar(Section):
    """The days that there is data for, the place whose midnight starts a day, and the hour of the nightly run."""

    start: dt.date
    end: dt.date | None = None
    timezone: str = "UTC"
    nightly: str = "0 1 * * *"

    @field_validator("timezone")
    @classmethod
    def _timezone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"an IANA time zone such as Europe/Paris is expected, found {value!r}") from error
        return value

    @model_validator(mode="after")
    def _ends_after_start(self) -> Calendar:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"end {self.end} lies before start {self.start}")
        return self


class Entity(Section):
    """What is scored: the rows of one source on their day, identified by a key."""

    source: Name
    key: tuple[Name, ...] = Field(min_length=1)


class Input(Section):
    """What the features of day D may read of a source: the days D-first to D-last, or the rows known by D.

    ``first`` and ``last`` count days back from D. All days of the window must have arrived before D is built; at the calendar's
    start the window is shorter.
    """

    source: Name
    first: int = Field(default=0, ge=0, le=366)
    last: int = Field(default=0, ge=0, le=366)

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Input:
        if self.first < self.last:
            raise ValueError(f"first ({self.first} days back) must not be nearer than last ({self.last} days back)")
        return self


class Feature(Section):
    """A column of the feature table. Features are numbers; null means not known."""

    name: Name
    description: str


class Label(Section):
    """What is predicted. Binary: ``column >= at_least``. Regression: the column's value. Null means no label, counted."""

    source: Name
    column: Name
    at_least: float | None = None
    # Days after D at which the label of D has arrived.
    maturity_days: int = Field(ge=0, le=366)


class Days(Section):
    """A window of days, counted back from the day of training: ``first`` is the oldest."""

    first: int = Field(ge=1, le=3660)
    last: int = Field(ge=1, le=3660)

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Days:
        if self.first < self.last:
            raise ValueError(f"first ({self.first} days back) must not be nearer than last ({self.last} days back)")
        return self


class Split(Section):
    """The temporal split. Train, validation and holdout follow one another in time and never share a day."""

    train: Days
    validation: Days
    holdout: Days

    @model_validator(mode="after")
    def _windows_do_not_overlap(self) -> Split:
        for earlier, later in (("train", "validation"), ("validation", "holdout")):
            end, start = getattr(self, earlier).last, getattr(self, later).first
            if end <= start:
                raise ValueError(
                    f"{earlier} ends {end} days back and {later} starts {start} days back: they overlap or are out of "
                    f"order; expected {earlier}.last > {later}.first"
                )
        return self


class Range(Section):
    """A hyperparameter's range for Optuna."""

    low: float
    high: float
    log: bool = False
    integer: bool = False


class Model(Section):
    """The model and the budget of its tuning."""

    task: Literal["classification", "regression"]
    fixed: dict[str, float | int | str] = {}
    search: dict[str, Range] = {}
    trials: int = Field(default=15, ge=1, le=1000)
    max_rounds: int = Field(default=400, ge=1, le=10_000)
    early_stopping_rounds: int = Field(default=30, ge=1)
    seed: int = 20130101
    # What a miss and a false alarm cost, in one unit: the threshold minimises the cost on validation.
    cost_of_miss: float = Field(default=1.0, gt=0)
    cost_of_false_alarm: float = Field(default=1.0, gt=0)


class Gate(Section):
    """When a challenger becomes champion: better on the metric by the margin, and above every floor."""

    metric: Literal["log_loss", "average_precision", "roc_auc", "brier", "rmse", "mae"]
    min_improvement: float = Field(ge=0)
    # For metrics where less is better these are ceilings.
    floors: dict[str, float] = {}


class Drift(Section):
    """Limits of the drift verdict, see docs/decisions/0007-drift-limits.md for what each compares."""

    window_days: int = Field(default=7, ge=1, le=90)
    bins: int = Field(default=10, ge=3, le=50)
    # A feature drifts when its PSI exceeds max(floor, factor x the ordinary week's quantile).
    feature_psi_floor: float = Field(default=0.2, gt=0)
    feature_psi_factor: float = Field(default=1.5, gt=0)
    ordinary_quantile: float = Field(default=0.95, gt=0, le=1)
    max_drifted_share: float = Field(default=0.3, gt=0, le=1)
    max_prediction_psi: float = Field(default=0.25, gt=0)
    max_calibration_gap: float | None = Field(default=None, gt=0)
    max_loss_rise: float | None = Field(default=None, gt=0)
    # Retrain when so many of the last days were violated, but not again before the cool-down has passed.
    violated_days: int = Field(default=3, ge=1)
    of_days: int = Field(default=5, ge=1)
    cooldown_days: int = Field(default=7, ge=0)

    @model_validator(mode="after")
    def _trigger_can_fire(self) -> Drift:
        if self.violated_days > self.of_days:
            raise ValueError(f"violated_days ({self.violated_days}) can't exceed of_days ({self.of_days})")
        return self


class UseCase(Section):
    """A whole use case, as ``include/<name>/use_case.yaml`` declares it."""

    name: Name
    title: str
    description: str
    owner: str
    calendar: Calendar
    sources: tuple[Source, ...] = ()
    entity: Entity
    inputs: tuple[Input, ...] = Field(min_length=1)
    features: tuple[Feature, ...] = Field(min_length=1)
    label: Label
    split: Split
    model: Model
    gate: Gate
    drift: Drift
    slices: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _sections_agree(self) -> UseCase:
        _refuse_twice("sources", [source.name for source in self.sources])
        _refuse_twice("inputs", [item.source for item in self.inputs])
        _refuse_twice("features", [feature.name for feature in self.features])
        known = [source.name for source in self.sources]
        _expect_known("entity.source", [self.entity.source], known, "the declared sources")
        _expect_known("label.source", [self.label.source], known, "the declared sources")
        _expect_known("inputs", [item.source for item in self.inputs], known, "the declared sources")
        population, outcomes = self.source(self.entity.source), self.source(self.label.source)
        _expect_known("entity.key", self.entity.key, population.column_names, f"the columns of {population.name}")
        _expect_known("entity.key", self.entity.key, outcomes.column_names, f"the columns of {outcomes.name}")
        _expect_known("label.column", [self.label.column], outcomes.column_names, f"the columns of {outcomes.name}")
        _expect_known("slices", self.slices, population.column_names, f"the columns of {population.name}")
        if set(self.entity.key) != set(population.key):
            raise ValueError(f"entity.key: expected the key of {population.name} ({', '.join(population.key)})")
        if self.model.task == "classification" and self.label.at_least is None:
            raise ValueError("label.at_least: a classification needs it, a label is column >= at_least")
        if self.model.task == "regression" and self.label.at_least is not None:
            raise ValueError("label.at_least: a regression predicts the column's value, leave it out")
        self._inputs_are_known_in_time()
        self._holdout_is_mature()
        self._metrics_fit_the_task()
        return self

    def _inputs_are_known_in_time(self) -> None:
        for item in self.inputs:
            source = self.source(item.source)
            if source.cadence == "daily" and item.last < source.arrives_after_days:
                raise ValueError(
                    f"inputs.{item.source}.last: day D may not read a day that has not arrived before D; expected at "
                    f"least {source.arrives_after_days} (arrives_after_days of {source.name}), found {item.last}"
                )

    def _holdout_is_mature(self) -> None:
        if self.split.holdout.last < self.label.maturity_days:
            raise ValueError(
                f"split.holdout.last: labels mature after {self.label.maturity_days} days, a holdout that ends "
                f"{self.split.holdout.last} days back would have none; expected at least {self.label.maturity_days}"
            )

    def _metrics_fit_the_task(self) -> None:
        names = NAMES[self.model.task]
        _expect_known("gate.metric", [self.gate.metric], names, f"the metrics of a {self.model.task}")
        _expect_known("gate.floors", list(self.gate.floors), names, f"the metrics of a {self.model.task}")

    def source(self, name: str) -> Source:
        """The declared source of that name."""
        return next(source for source in self.sources if source.name == name)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the feature columns in declared order: the order that a model sees."""
        return tuple(feature.name for feature in self.features)

    @property
    def binary(self) -> bool:
        """Whether the label is yes or no."""
        return self.model.task == "classification"


def _refuse_twice(field: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{field}: declared twice: {', '.join(twice)}")


def _expect_known(field: str, names: Any, known: Any, what: str) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"{field}: unknown {', '.join(unknown)}; expected one of {what}: {', '.join(known)}")
