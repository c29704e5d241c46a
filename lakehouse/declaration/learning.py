"""Training and its rules: label, split, gate and drift; and the reasons of scores and the model card."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, model_validator

from lakehouse.declaration import class_names
from lakehouse.declaration.known_events import KnownEvent
from lakehouse.declaration.label_input import LabelInput
from lakehouse.declaration.metric_names import ScoreMetric
from lakehouse.declaration.section import GrownSection, Name, Section, Window, refuse


class Label(GrownSection):
    """What is predicted. Binary: ``column >= at_least``, or ``column`` ``is`` a value. Multiclass: which of ``classes`` the
    column's value is, counted from 0. Regression: the column's value. Null is no label, and is counted; so is a value that is no
    class.

    A label is a ``column`` of a ``source``, or it is computed: ``labels.py`` makes a column ``value`` of the days after the day
    that ``inputs`` declares. When a computed label is known follows from them (`UseCase.maturity_days`).
    """

    LATER = ("is_value", "inputs", "classes")

    source: Name | None = None
    column: Name | None = None
    inputs: tuple[LabelInput, ...] = ()
    at_least: float | None = None
    # Of a text, a boolean or a whole number.
    is_value: str | bool | int | None = Field(default=None, alias="is")
    # Of several: values of a text or of a whole number. Their order is that of the probabilities.
    classes: tuple[str | int, ...] = Field(default=(), max_length=100)
    # The label of D has arrived so many days after D.
    maturity_days: int | None = Field(default=None, ge=0, le=366)

    @model_validator(mode="after")
    def _of_one_form(self) -> Label:
        fields = ("source", "column", "maturity_days")
        if not self.inputs:
            refuse(f"{name}: is missing, and is required" for name in fields if getattr(self, name) is None)
        elif both := [name for name in fields if getattr(self, name) is not None]:
            raise ValueError(
                f"inputs: a label is computed by labels.py, or it is a column of a source; expected no {', '.join(both)} beside "
                "inputs (when a computed label is known follows from the windows)"
            )
        return self

    @property
    def computed(self) -> bool:
        """Whether ``labels.py`` makes it."""
        return bool(self.inputs)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the sources that it is made of."""
        return tuple(item.source for item in self.inputs) if self.source is None else (self.source,)

    @model_validator(mode="after")
    def _classes_have_names(self) -> Label:
        refuse(class_names.own_problems(self.classes))
        return self

    @property
    def binary(self) -> bool:
        """Whether it is yes or no."""
        return self.at_least is not None or self.is_value is not None


class Days(Window):
    """A window of days, counted back from the day of training."""

    first: int = Field(ge=1, le=3660)
    last: int = Field(ge=1, le=3660)


class Split(Section):
    """The temporal split. Train, validation and holdout follow one another and share no day."""

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


class Fairness(Section):
    """How much the rows of a slice may differ from all rows: a rate or a gap in either direction, other metrics when worse."""

    slice: Name
    metric: Literal[
        "alarm_rate", "false_alarm_rate", "precision", "recall", "calibration_gap", "log_loss", "brier", "rmse", "mae",
        "accuracy", "macro_precision", "macro_recall", "macro_f1",
    ]  # fmt: skip
    max_gap: float = Field(gt=0)


class Approval(GrownSection):
    """A person approves each promotion; without an answer within these hours the challenger is held.

    With ``two_people`` anyone who triggered the run can't approve what it asks for.
    """

    LATER = ("two_people",)

    hours: float = Field(default=24, gt=0, le=24 * 31)
    two_people: bool = False


class Gate(GrownSection):
    """When a challenger becomes champion: it is better on the metric by the margin, beyond noise, and within every limit."""

    LATER = ("baselines", "promote")

    metric: ScoreMetric
    # The least lower end of the improvement's 95 % interval.
    min_improvement: float = Field(ge=0)
    # For metrics where less is better these are ceilings.
    floors: dict[str, float] = Field(default_factory=dict)
    max_calibration_error: float | None = Field(default=None, gt=0)
    # By how much the metric may be worse than the champion's in any declared slice that has enough rows.
    max_slice_worsening: float | None = Field(default=None, ge=0)
    min_slice_rows: int = Field(default=200, ge=1)
    fairness: tuple[Fairness, ...] = ()
    # Whether a challenger that is worse than a baseline beyond noise is held, or the baselines are only reported.
    baselines: Literal["report", "compare"] = "report"
    # A challenger that is better than the champion by the margin, or any that is not worse: the newer one of equals.
    promote: Literal["better", "not_worse"] = "better"
    approval: Approval | None = None


class Drift(GrownSection):
    """Limits of the drift verdict. docs/decisions/0007-drift-limits.md says what each is compared with.

    With ``alarms: measured`` the verdict does not compare with declared limits of PSI: what is beyond chance follows from the rows
    of a window and from how training's own days differ, and ``false_alarm_days`` says how seldom ordinary days may be violated.
    """

    LATER = ("alarms", "false_alarm_days", "estimate", "known_events")

    alarms: Literal["declared", "measured"] = "declared"
    # An ordinary day is violated once in so many days, or more seldom.
    false_alarm_days: int = Field(default=365, ge=10, le=1_000_000)
    # How chances are made of scores, where quality is estimated before labels mature; left out: it is not.
    estimate: Literal["platt", "isotonic"] | None = None
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
    # Retrain when so many of the last days were violated, and not again before the cool-down has passed.
    violated_days: int = Field(default=3, ge=1, le=366)
    of_days: int = Field(default=5, ge=1, le=366)
    cooldown_days: int = Field(default=7, ge=0, le=3660)
    # Days that are told and not judged, and that are in no window of the days after them.
    known_events: tuple[KnownEvent, ...] = ()

    def known_event(self, day: dt.date) -> str | None:
        """The name of the known event that the day is of; None of an ordinary day."""
        return next((event.name for event in self.known_events if event.includes(day)), None)

    @property
    def of_training(self) -> Drift:
        """The section as training reads it: events are of the days that are judged, and make no training another one."""
        return self.model_copy(update={"known_events": ()})

    @property
    def measured(self) -> bool:
        """Whether alarms are measured, and not declared."""
        return self.alarms == "measured"

    @model_validator(mode="after")
    def _trigger_can_fire(self) -> Drift:
        if self.violated_days > self.of_days:
            raise ValueError(f"violated_days ({self.violated_days}) can't exceed of_days ({self.of_days})")
        return self


class Reasons(Section):
    """Which of the champion's scores of a day have stored reasons: those at or above the threshold, the ``top`` highest, or,
    with both, the ``top`` highest of those at or above it.
    """

    above_threshold: bool = False
    top: int | None = Field(default=None, ge=1, le=1_000_000)
    # How many features are named for each score; the others are one sum.
    each: int = Field(default=5, ge=1, le=100)

    @model_validator(mode="after")
    def _ask_for_some(self) -> Reasons:
        if not self.above_threshold and self.top is None:
            raise ValueError("above_threshold or top: expected one of them, or no section reasons at all")
        return self


class Card(Section):
    """What the model card says beyond what the platform knows: what the scores are for, and where they are unreliable."""

    intended_use: str = ""
    known_limits: tuple[str, ...] = ()
