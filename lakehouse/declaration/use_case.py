"""A whole use case: its entities, what its features may read, and all other sections."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from lakehouse.declaration import agreement, class_names
from lakehouse.declaration import worth as of_worth
from lakehouse.declaration.alerts import Alerts
from lakehouse.declaration.calendar import Calendar
from lakehouse.declaration.deliver import OF_A_CLASSIFICATION, OF_A_MULTICLASS, OF_A_REGRESSION, Target
from lakehouse.declaration.erasure import UseCaseErasure
from lakehouse.declaration.group_use import GroupUse, Taken
from lakehouse.declaration.known import Known
from lakehouse.declaration.learn_from import LearnFrom
from lakehouse.declaration.learning import Card, Drift, Gate, Label, Reasons, Split
from lakehouse.declaration.model import Model
from lakehouse.declaration.retention import UseCaseRetention
from lakehouse.declaration.retrain import Retrain
from lakehouse.declaration.rollout import Rollout
from lakehouse.declaration.rules import Fallback, Rule
from lakehouse.declaration.run_budget import RunBudget
from lakehouse.declaration.section import GrownSection, HourOfDay, Name, Window, refuse
from lakehouse.declaration.shared_source import SharedSource
from lakehouse.declaration.source import Source
from lakehouse.declaration.worth import Worth

if TYPE_CHECKING:
    from lakehouse.declaration.feature_group import FeatureGroup


class Entity(GrownSection):
    """What is scored, the population: rows of one source, identified by a key.

    ``rows`` ``of_day``: the rows that the source delivers for the day. ``known``: every key that is known on the day, with the
    newest row of it; of a source that delivers snapshots the rows of the newest one. Of these rows ``where``, a condition in the
    language of ``row_rules`` in which ``partition`` is the day that is scored, keeps those for which it is true.
    """

    LATER = ("rows", "where")

    source: Name
    key: tuple[Name, ...] = Field(min_length=1)
    rows: Literal["of_day", "known"] = "of_day"
    where: str | None = Field(default=None, min_length=1)

    @property
    def as_delivered(self) -> bool:
        """Whether the population is all rows of the day, as they were delivered."""
        return self.rows == "of_day" and self.where is None


class Input(Window):
    """What the features of day D may read of a source: the days D-first to D-last, or the rows that are known by D.

    ``first`` and ``last`` count days back from D. All days of the window must have arrived before D is built; at the calendar's
    start the window is shorter.
    """

    source: Name
    first: int = Field(default=0, ge=0, le=366)
    last: int = Field(default=0, ge=0, le=366)


class Feature(GrownSection):
    """A column of the feature table: a number, or a ``category``, whose values are texts. Null is not known."""

    LATER = ("type",)

    name: Name
    description: str
    type: Literal["number", "category"] = "number"


class UseCase(GrownSection):
    """A whole use case, as ``include/<name>/use_case.yaml`` declares it.

    ``sources`` are its own. It may read shared ones too, and take feature groups, by naming them: they are given to the check of
    the declaration as its context.
    """

    LATER: ClassVar[tuple[str, ...]] = (
        "groups", "retrain", "rules", "fallback", "fallback_at", "worth", "alerts", "learn_from",
        "budget",
        "retention",
        "erasure",
    )  # fmt: skip

    name: Name
    title: str
    description: str
    owner: str
    calendar: Calendar
    sources: tuple[Source, ...] = ()
    entity: Entity
    inputs: tuple[Input, ...] = Field(min_length=1)
    features: tuple[Feature, ...] = Field(min_length=1)
    groups: tuple[GroupUse, ...] = ()
    label: Label
    split: Split
    # Which rows a model is fitted to, and how much each counts; left out, all alike.
    learn_from: LearnFrom | None = None
    model: Model
    gate: Gate
    drift: Drift
    retrain: Retrain = Field(default_factory=Retrain)
    rollout: Rollout = Field(default_factory=Rollout)
    slices: tuple[Name, ...] = ()
    reasons: Reasons | None = None
    card: Card = Field(default_factory=Card)
    alerts: Alerts = Field(default_factory=Alerts)
    # Where decisions go besides gold.
    deliver: tuple[Target, ...] = ()
    # What decides besides the model, in this order, and what scores where it can't.
    rules: tuple[Rule, ...] = ()
    fallback: tuple[Fallback, ...] = ()
    # At this hour, in the calendar's time zone, the fallbacks score a day that no model has scored. None: when score runs.
    fallback_at: HourOfDay | None = None
    # What decisions bring or cost.
    worth: Worth | None = None
    # What its runs may cost before people are told.
    budget: RunBudget | None = None
    # How many of the newest days stay; what is left out stays for ever, or as long as the platform declares.
    retention: UseCaseRetention = Field(default_factory=UseCaseRetention)
    # What an erasure asks for, besides taking rows out.
    erasure: UseCaseErasure = Field(default_factory=UseCaseErasure)
    _shared: tuple[SharedSource, ...] = PrivateAttr(())
    _groups: tuple[FeatureGroup, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _sections_agree(self, info: ValidationInfo) -> UseCase:
        known = Known.of(info.context)
        refuse(agreement.of_names(self, known))
        own = {source.name for source in self.sources}
        read = (known.sources.get(name) for name in self.reads if name not in own)
        self._shared = tuple(found for found in read if found is not None)
        taken = (known.groups.get((use.group, use.version)) for use in self.groups)
        self._groups = tuple(found for found in taken if found is not None)
        refuse(agreement.of_sections(self))
        refuse(self.retrain.problems(self.drift))
        return self

    def source(self, name: str) -> Source:
        """The source of that name, its own or a shared one that it reads."""
        own = (source for source in self.sources if source.name == name)
        return next(own, None) or next(shared.source for shared in self._shared if shared.name == name)

    @property
    def shared(self) -> tuple[SharedSource, ...]:
        """The shared sources that it reads."""
        return self._shared

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the sources that it reads, each once: its population, its inputs and its label's."""
        named = (self.entity.source, *(item.source for item in self.inputs), *self.label.sources)
        return tuple(dict.fromkeys(named))

    @property
    def maturity_days(self) -> int:
        """So many days after its day a label has arrived: as declared, or when the last day that a computed one reads has."""
        if self.label.maturity_days is not None:
            return self.label.maturity_days
        return max(item.known_after_days(self.source(item.source)) for item in self.label.inputs)

    @property
    def label_in_words(self) -> str:
        """What the label is made of: ``minutes of visits``, or ``value of labels.py (visits)``."""
        read = ", ".join(self.label.sources)
        return f"value of labels.py ({read})" if self.label.computed else f"{self.label.column} of {read}"

    def delivered_columns(self, target: Target) -> tuple[str, ...]:
        """The columns that a target gets, in order: the entity's key, ``partition``, then the declared or the usual ones."""
        key = (*self.entity.key, "partition")
        usual: tuple[str, ...] = OF_A_CLASSIFICATION if self.binary else OF_A_REGRESSION
        if self.classes:
            usual = (*OF_A_MULTICLASS[0], *class_names.probability_columns(self.label), *OF_A_MULTICLASS[1])
        return (*key, *(name for name in target.columns or usual if name not in key))

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the columns that identify a row of a day."""
        return self.entity.key

    @property
    def taken(self) -> tuple[Taken, ...]:
        """The feature groups that it takes."""
        return tuple(Taken(use, group) for use, group in zip(self.groups, self._groups, strict=True))

    @property
    def own_feature_names(self) -> tuple[str, ...]:
        """Names of the features that its own transform makes."""
        return tuple(feature.name for feature in self.features)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features that a model sees, in its order: its own, then those of the groups to learn from."""
        of_groups = (feature.name for taken in self.taken if taken.use.learn for feature in taken.features)
        return (*self.own_feature_names, *of_groups)

    @property
    def table_features(self) -> tuple[Feature, ...]:
        """The columns of the feature table: also those of groups that only a champion reads."""
        return (*self.features, *(feature for taken in self.taken for feature in taken.features))

    @property
    def category_names(self) -> tuple[str, ...]:
        """Those of the feature table's columns that are categories."""
        return tuple(feature.name for feature in self.table_features if feature.type == "category")

    @property
    def number_names(self) -> tuple[str, ...]:
        """Those of the feature table's columns that are numbers."""
        return tuple(feature.name for feature in self.table_features if feature.type == "number")

    @property
    def own_category_names(self) -> tuple[str, ...]:
        """The categories that its transform makes."""
        return tuple(feature.name for feature in self.features if feature.type == "category")

    @property
    def own_number_names(self) -> tuple[str, ...]:
        """The numbers that its transform makes."""
        return tuple(feature.name for feature in self.features if feature.type == "number")

    @property
    def classes(self) -> tuple[str, ...]:
        """The label's classes as texts, in the order of their numbers; none unless it has several."""
        return class_names.texts(self.label)

    @property
    def costed_model(self) -> Model:
        """The model with the costs by which its decisions are made: those that follow from ``worth`` where that is declared."""
        return of_worth.costed(self)

    @property
    def judged(self) -> bool:
        """Whether rules or fallbacks may decide besides the model; its scores then say what did."""
        return bool(self.rules or self.fallback)

    @property
    def binary(self) -> bool:
        """Whether the label is yes or no."""
        return self.model.task == "classification"
