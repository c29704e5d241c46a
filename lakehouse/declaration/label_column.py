"""Whether a label can be made of its column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lakehouse.declaration import class_names
from lakehouse.declaration.section import unknown

if TYPE_CHECKING:
    from lakehouse.declaration.learning import Label
    from lakehouse.declaration.source import Column
    from lakehouse.declaration.use_case import UseCase

# Types of a column that are numbers, or are taken for one.
_NUMBERS = ("int", "long", "double", "boolean")
# Types of a column that may have a value of each of Python's types.
_TYPES_OF: dict[type, tuple[str, ...]] = {str: ("string",), bool: ("boolean",), int: ("int", "long")}


def problems_of(use_case: UseCase) -> Iterator[str]:
    """What does not fit between a use case and the source that its label is a column of; nothing of a computed label."""
    key, label = use_case.entity.key, use_case.label.column
    if label is None or use_case.label.source is None:
        return
    entities, outcomes = use_case.source(use_case.entity.source), use_case.source(use_case.label.source)
    yield from unknown("entity.key", key, outcomes.column_names, f"the columns of {outcomes.name}")
    yield from unknown("label.column", [label], outcomes.column_names, f"the columns of {outcomes.name}")
    if label in key:
        yield f"label.column: {label} is part of entity.key and known before the day; expected a column that becomes known later"
    for column in outcomes.columns:
        if column.name == label:
            yield from problems(use_case.label, column)
    for name in key:
        types = {column.type for source in (entities, outcomes) for column in source.columns if column.name == name}
        if len(types) > 1:
            yield f"entity.key: {name} is {' and '.join(sorted(types))} in {entities.name} and {outcomes.name}; expected one type"


def problems(label: Label, column: Column) -> Iterator[str]:
    """What does not fit between a label and its column."""
    name, value = column.name, label.is_value
    if label.classes:
        yield from class_names.problems(label, column)
    elif value is None:
        if column.type not in _NUMBERS:
            expected = f"a column of type {', '.join(_NUMBERS)}"
            yield f"label.column: expected {expected}, {name} is {column.type}; a text becomes a label by is: and the value"
    elif column.type not in (types := _TYPES_OF[type(value)]):
        yield f"label.is: expected a value of {name}, which is {column.type}, found {value!r}, which is {types[0]}"
    elif column.allowed is not None and str(value) not in column.allowed:
        allowed = ", ".join(column.allowed)
        yield f"label.is: expected one of the values that {name} may have ({allowed}), found {value!r}"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield f"label.is: expected a whole number of 64 bits, found {value}"
