"""A whole use case: its entities, what its features may read, and all other sections."""

from __future__ import annotations

from pydantic import Field, model_validator

from lakehouse.declaration import agreement
from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.deliver import OF_A_CLASSIFICATION, OF_A_REGRESSION, Target
from lakehouse.declaration.learning import Card, Drift, Gate, Label, Reasons, Split
from lakehouse.declaration.model import Model
from lakehouse.declaration.rollout import Rollout
from lakehouse.declaration.section import Name, Section, Window, refuse
from lakehouse.declaration.source import Source


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
        refuse(agreement.of_names(self))
        refuse(agreement.of_sections(self))
        return self

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
