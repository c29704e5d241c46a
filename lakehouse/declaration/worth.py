"""What a right and a wrong decision bring or cost, in a currency.

Of a yes or no four numbers, of several classes a matrix, of a value what a unit of error costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from lakehouse.declaration.section import Section, unknown

if TYPE_CHECKING:
    from lakehouse.declaration.model import Model
    from lakehouse.declaration.use_case import UseCase

Amount = Annotated[float, Field(ge=-1e12, le=1e12)]
# Of a binary label, in the order of label and decision: no and no, no and yes, yes and no, yes and yes.
OF_DECISIONS = ("true_negative", "false_positive", "false_negative", "true_positive")
OF_ERRORS = ("per_unit_over", "per_unit_under")


class Worth(Section):
    """Amounts in one currency; what brings something is above 0, what costs something below.

    Yes or no: ``true_positive`` (a yes that was right), ``false_positive``, ``true_negative`` and ``false_negative``. Several
    classes: ``decisions``, by the class that is true and the one that is decided. A value: ``per_unit_over`` and
    ``per_unit_under``, for each unit that was predicted too much, or too little.
    """

    currency: str = Field(min_length=1, max_length=12, pattern=r"^\S+$")
    true_positive: Amount | None = None
    false_positive: Amount | None = None
    true_negative: Amount | None = None
    false_negative: Amount | None = None
    decisions: dict[str, dict[str, Amount]] = Field(default_factory=dict)
    per_unit_over: Amount | None = None
    per_unit_under: Amount | None = None

    def amounts(self, names: tuple[str, ...]) -> list[float]:
        """The amounts of these fields, all of which are there."""
        return [float(getattr(self, name)) for name in names]


def problems(use_case: UseCase) -> Iterator[str]:
    """Amounts that do not fit the label, and costs that are declared twice."""
    worth, model = use_case.worth, use_case.model
    if worth is None:
        return
    needed = OF_DECISIONS if use_case.binary else () if use_case.classes else OF_ERRORS
    others = [name for name in (*OF_DECISIONS, *OF_ERRORS) if name not in needed and getattr(worth, name) is not None]
    others += ["decisions"] if worth.decisions and not use_case.classes else []
    if missing := [name for name in needed if getattr(worth, name) is None]:
        yield f"worth: a {model.task} needs {', '.join(needed)}; missing: {', '.join(missing)}"
    if others:
        yield f"worth: {', '.join(others)} is not for a {model.task}; expected {', '.join(needed) or 'decisions'}"
    # By their values: a record of a training has every field written out.
    costs = ("cost_of_miss", "cost_of_false_alarm", "costs")
    defaults = {name: type(model).model_fields[name].get_default(call_default_factory=True) for name in costs}
    declared = [name for name in costs if getattr(model, name) != defaults[name]]
    if declared:
        yield (
            f"worth: the model decides by it, and model.{', model.'.join(declared)} say otherwise what a decision costs; expected "
            "one of the two"
        )
    if missing or others:
        return
    if use_case.binary:
        right_no, wrong_yes, wrong_no, right_yes = worth.amounts(OF_DECISIONS)
        for right, wrong, names in (
            (right_yes, wrong_no, ("true_positive", "false_negative")),
            (right_no, wrong_yes, ("true_negative", "false_positive")),
        ):
            if right <= wrong:
                yield f"worth.{names[0]}: expected more than {names[1]} ({wrong:g}), wrong of the same rows, found {right:g}"
    elif use_case.classes:
        yield from _of_classes(use_case, worth)
    elif max(amounts := worth.amounts(OF_ERRORS)) > 0 or not any(amounts):
        yield "worth: expected per_unit_over and per_unit_under of 0 or less, and one below 0: an error costs something"


def _of_classes(use_case: UseCase, worth: Worth) -> Iterator[str]:
    known, what = use_case.classes, "the classes (label.classes)"
    yield from unknown("worth.decisions", worth.decisions, known, what)
    for true in known:
        row = worth.decisions.get(true, {})
        yield from unknown(f"worth.decisions.{true}", row, known, what)
        if missing := [decided for decided in known if decided not in row]:
            yield f"worth.decisions.{true}: an amount for each decision is needed; missing: {', '.join(missing)}"
        elif row[true] <= max((amount for decided, amount in row.items() if decided != true), default=row[true] - 1):
            yield f"worth.decisions.{true}.{true}: expected more than of every other decision of the same rows, found {row[true]:g}"


def costed(use_case: UseCase) -> Model:
    """The model with the costs that follow from the worth, by which its decisions are made; as declared without one.

    A miss costs what a right yes is worth more than a wrong no, a false alarm what a right no is worth more than a wrong yes.
    """
    worth, model = use_case.worth, use_case.model
    if worth is None or not (use_case.binary or use_case.classes):
        return model
    if use_case.classes:
        costs = {
            true: {decided: row[true] - amount for decided, amount in row.items()}
            for true, row in worth.decisions.items()
        }
        return model.model_copy(update={"costs": costs})
    right_no, wrong_yes, wrong_no, right_yes = worth.amounts(OF_DECISIONS)
    return model.model_copy(update={"cost_of_miss": right_yes - wrong_no, "cost_of_false_alarm": right_no - wrong_yes})
