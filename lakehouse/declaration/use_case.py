"""A whole use case: its days, its entities, what its features may read, and the rules across its sections."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from lakehouse.declaration.deliver import OF_A_CLASSIFICATION, OF_A_REGRESSION, SCORE_COLUMNS, Target
from lakehouse.declaration.learning import Card, Drift, Gate, Label, Model, Reasons, Split
from lakehouse.declaration.metric_names import CALIBRATION_GAP, NAMES, OF_DECISIONS, RATES
from lakehouse.declaration.rollout import Rollout
from lakehouse.declaration.section import Name, Section, Window, expect_known, refuse_twice
from lakehouse.declaration.source import Source


class Calendar(Section):
    """The days with data, the time zone whose midnight starts a day, and the hour of the nightly run."""

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


class Input(Window):
    """What the features of day D may read of a source: the days D-first to D-last, or the rows that are known by D.

    ``first`` and ``last`` count days back from D. All days of the window must have arrived before D is built; at the calendar's
    start the window is shorter.
    """

    source: Name
    first: int = Field(default=0, ge=0, le=366)
    last: int = Field(default=0, ge=0, le=366)


class Feature(Section):
    """A column of the feature table. Features are numbers; null is not known."""

    name: Name
    description: str


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
    rollout: Rollout = Rollout()
    slices: tuple[Name, ...] = ()
    reasons: Reasons | None = None
    card: Card = Card()
    # Where decisions go besides gold.
    deliver: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _sections_agree(self) -> UseCase:
        refuse_twice("sources", [source.name for source in self.sources])
        refuse_twice("inputs", [item.source for item in self.inputs])
        refuse_twice("features", [feature.name for feature in self.features])
        known = [source.name for source in self.sources]
        expect_known("entity.source", [self.entity.source], known, "the declared sources")
        expect_known("label.source", [self.label.source], known, "the declared sources")
        expect_known("inputs", [item.source for item in self.inputs], known, "the declared sources")
        population, outcomes = self.source(self.entity.source), self.source(self.label.source)
        expect_known("entity.key", self.entity.key, population.column_names, f"the columns of {population.name}")
        expect_known("entity.key", self.entity.key, outcomes.column_names, f"the columns of {outcomes.name}")
        expect_known("label.column", [self.label.column], outcomes.column_names, f"the columns of {outcomes.name}")
        expect_known("slices", self.slices, population.column_names, f"the columns of {population.name}")
        if set(self.entity.key) != set(population.key):
            raise ValueError(f"entity.key: expected the key of {population.name} ({', '.join(population.key)})")
        if self.model.task == "classification" and self.label.at_least is None:
            raise ValueError("label.at_least: a classification needs it, a label is column >= at_least")
        if self.model.task == "regression" and self.label.at_least is not None:
            raise ValueError("label.at_least: a regression predicts the column's value, leave it out")
        if self.model.task == "regression" and self.reasons is not None and self.reasons.above_threshold:
            raise ValueError("reasons.above_threshold: a regression has no threshold; expected reasons.top")
        self._inputs_are_known_in_time()
        self._holdout_is_mature()
        self._windows_keep_the_embargo()
        self._metrics_fit_the_task()
        self._targets_are_apart()
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

    def _windows_keep_the_embargo(self) -> None:
        """No window may have days whose labels are still open when the next window begins."""
        days = self.label.maturity_days
        for earlier, later in (("train", "validation"), ("validation", "holdout")):
            end, start = getattr(self.split, earlier).last, getattr(self.split, later).first
            if end - start - 1 < days:
                raise ValueError(
                    f"split.{earlier}.last: labels mature after {days} days (label.maturity_days), so {days} days of embargo "
                    f"are kept before {later}, which starts {start} days back; expected at least {start + days + 1}, found {end}"
                )

    def _metrics_fit_the_task(self) -> None:
        names, what = NAMES[self.model.task], f"the metrics of a {self.model.task}"
        decisions, rates = (OF_DECISIONS, RATES) if self.binary else ((), ())
        expect_known("gate.metric", [self.gate.metric], names, what)
        expect_known("gate.floors", list(self.gate.floors), (*names, *decisions), what)
        limits = self.gate.fairness
        expect_known("gate.fairness.slice", [limit.slice for limit in limits], self.slices, "the declared slices")
        measured = (*names, *decisions, *rates, CALIBRATION_GAP)
        expect_known("gate.fairness.metric", [limit.metric for limit in limits], measured, what)
        if self.gate.max_slice_worsening is not None and not self.slices:
            raise ValueError("gate.max_slice_worsening: expected slices to be declared, found none")

    def _targets_are_apart(self) -> None:
        refuse_twice("deliver.name", [target.name for target in self.deliver])
        # Some databases take names that differ in their case for one.
        refuse_twice("deliver", [target.address.lower() for target in self.deliver])
        for target in self.deliver:
            if target.only_decided and not self.binary:
                raise ValueError(
                    f"deliver.{target.name}.only_decided: a regression decides nothing; expected it to be left out"
                )
            known = (*self.entity.key, "partition", *SCORE_COLUMNS)
            expect_known(f"deliver.{target.name}.columns", target.columns or (), known, "the columns of the scores")

    def source(self, name: str) -> Source:
        """The declared source of that name."""
        return next(source for source in self.sources if source.name == name)

    def delivered_columns(self, target: Target) -> tuple[str, ...]:
        """The columns that a target gets, in order: the entity's key, ``partition``, then the declared or the usual ones."""
        key = (*self.entity.key, "partition")
        usual = OF_A_CLASSIFICATION if self.binary else OF_A_REGRESSION
        return (*key, *(name for name in target.columns or usual if name not in key))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the feature columns in declared order: the order that a model sees."""
        return tuple(feature.name for feature in self.features)

    @property
    def binary(self) -> bool:
        """Whether the label is yes or no."""
        return self.model.task == "classification"
