"""What is learned from: a condition on rows, a sample, class weights and weights by age; and whether they fit the use case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from lakehouse.declaration import class_names, decision_path
from lakehouse.declaration.row_rules import Node, RuleError, parse
from lakehouse.declaration.section import Section, refuse, unknown

if TYPE_CHECKING:
    from lakehouse.declaration.use_case import UseCase

# The classes of a yes or no, in the order of their labels 0 and 1.
NO, YES = "no", "yes"


class ClassSample(Section):
    """How many rows of a class are learned from: a share, at most so many a day, or both. A plain number is a share."""

    share: float = Field(default=1.0, gt=0, le=1)
    rows_a_day: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _a_number_is_a_share(cls, value: Any) -> Any:
        return {"share": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Sample(Section):
    """A part of the rows, drawn by a hash of the entity's key and the day: the same rows give the same draw, in any order.

    ``share``: of all rows. ``rows_a_day``: at most so many of a day. ``by_class``: the same of the rows of each class. Another
    ``seed`` draws others.
    """

    share: float = Field(default=1.0, gt=0, le=1)
    rows_a_day: int | None = Field(default=None, ge=1)
    by_class: Mapping[str, ClassSample] = Field(default_factory=dict)
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _takes_a_part(self) -> Sample:
        if self.share == 1 and self.rows_a_day is None and not self.by_class:
            raise ValueError(
                "expected share (below 1), rows_a_day or by_class, found a sample of everything; leave it out"
            )
        if self.rows_a_day is not None and any(one.rows_a_day is not None for one in self.by_class.values()):
            raise ValueError(
                "rows_a_day: stands for all classes and under by_class; expected one of them, since which rows of a day remain "
                "would depend on which is counted first"
            )
        return self


class LearnFrom(Section):
    """Which of the labelled rows a model is fitted to, and how much each counts. What is measured is measured on all rows.

    ``select``: a condition in the language of ``row_rules`` over the entity's columns, ``partition`` and the features; rows for
    which it is true are learned from. ``sample``: a part of them. ``class_weights``: how much a row of each class counts,
    ``balanced`` so that all classes count alike together. ``half_life_days``: a row of so many days before the newest counts half.
    """

    select: str | None = Field(default=None, min_length=1, max_length=4000)
    sample: Sample | None = None
    class_weights: Literal["balanced"] | Mapping[str, float] | None = None
    half_life_days: float | None = Field(default=None, gt=0, le=36600)

    @model_validator(mode="after")
    def _says_something(self) -> LearnFrom:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError(f"expected one of {', '.join(type(self).model_fields)}, found none; leave learn_from out")
        if isinstance(self.class_weights, Mapping):
            if not self.class_weights:
                raise ValueError("class_weights: expected balanced, or a weight of a class, found none")
            refuse(
                f"class_weights.{name}: expected a weight above 0, found {weight:g}"
                for name, weight in self.class_weights.items()
                if weight <= 0
            )
        return self

    @property
    def of_some_rows(self) -> bool:
        """Whether some rows may be left out."""
        return self.select is not None or self.sample is not None


def classes(use_case: UseCase) -> tuple[str, ...]:
    """The names of the label's classes in the order of their numbers; of a yes or no ``no`` and ``yes``; of a value none."""
    return (NO, YES) if use_case.binary else class_names.texts(use_case.label)


def named(select: str, types: Mapping[str, str]) -> frozenset[str]:
    """The columns that a condition names.

    Raises:
        RuleError: it is none.
    """
    return frozenset(_named(parse(select, types)))


def _named(node: Node) -> Iterator[str]:
    if node.op == "column":
        yield str(node.value)
    for one in node.args:
        yield from _named(one)


def problems(use_case: UseCase) -> Iterator[str]:
    """What does not fit between ``learn_from`` and the rest of the declaration."""
    if (learn := use_case.learn_from) is None:
        return
    if learn.select is not None:
        yield from _select(use_case, learn.select)
    by_class = {} if learn.sample is None else learn.sample.by_class
    weights = learn.class_weights
    for field, given in (("sample.by_class", bool(by_class)), ("class_weights", weights is not None)):
        if not given:
            continue
        if use_case.model.task == "regression":
            yield f"learn_from.{field}: a regression has no classes; expected it to be left out"
        elif "scale_pos_weight" in {**use_case.model.fixed, **use_case.model.search}:
            yield (
                f"learn_from.{field}: scale_pos_weight under model weighs classes too, and probabilities are not corrected for "
                "it; expected one of them: leave scale_pos_weight out"
            )
    if use_case.model.task != "regression":
        what = "the classes of the label"
        yield from unknown("learn_from.sample.by_class", by_class, classes(use_case), what)
        if isinstance(weights, Mapping):
            yield from unknown("learn_from.class_weights", weights, classes(use_case), what)


def _select(use_case: UseCase, select: str) -> Iterator[str]:
    types, label = decision_path.entity_types(use_case), use_case.label
    column = "label" if label.column is None else label.column
    try:
        # Of a population that carries its own label the column is there; a feature of that name is a feature.
        is_feature = column in use_case.feature_names
        names_label = not is_feature and column in named(select, types | {column: types.get(column, "double")})
    except RuleError:
        # Its type may be another one: then the condition is judged by what it names without it.
        names_label = column not in types and f" {column} " in f" {' '.join(select.split())} "
    if names_label:
        yield (
            f"learn_from.select: {select!r}: names {column}, of which the label is made; rows that are chosen by their label "
            "give wrong probabilities. Expected columns that are known at prediction time; to learn from fewer rows of a class "
            "use learn_from.sample.by_class, for which probabilities are corrected"
        )
        return
    try:
        parse(select, types)
    except RuleError as error:
        yield f"learn_from.select: {select!r}: {error}"
