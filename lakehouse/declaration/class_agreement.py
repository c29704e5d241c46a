"""Whether the sections of a use case agree about its label's classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.declaration import class_names, reserved_names

if TYPE_CHECKING:
    from lakehouse.declaration.use_case import UseCase


def problems(use_case: UseCase) -> Iterator[str]:
    """What does not fit: classes without their task, the task without them, and names that its tables take."""
    model, label = use_case.model, use_case.label
    if model.task != "multiclass":
        if label.classes:
            yield f"label.classes: a {model.task} has none; expected task: multiclass, or label.classes left out"
        if model.costs:
            yield f"model.costs: a {model.task} has no classes; expected task: multiclass, or model.costs left out"
        return
    if not label.classes:
        yield "label.classes: a multiclass needs them; expected the values of label.column that are its classes"
        return
    yield from class_names.cost_problems(model, label)
    for field in ("cost_of_miss", "cost_of_false_alarm"):
        if getattr(model, field) != type(model).model_fields[field].default:
            yield f"model.{field}: is for two classes; expected model.costs, by the class that is true and the one that is decided"
    names = (*use_case.entity.key, *use_case.feature_names)
    taken = [one for one in names if one in reserved_names.OF_MULTICLASS or one.startswith(class_names.PROBABILITY)]
    if taken:
        yield f"entity.key or features: {', '.join(taken)} belong to the platform's tables of scores; expected other names"
    if reserved_names.CLASS in use_case.slices:
        yield f"slices: {reserved_names.CLASS} means the classes of the label; expected another name of the column"
