"""The classes of a label of several: their texts, the columns that are named after them, and what each wrong decision costs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lakehouse.declaration.section import twice, unknown

if TYPE_CHECKING:
    from lakehouse.declaration.learning import Label
    from lakehouse.declaration.model import Model
    from lakehouse.declaration.source import Column

PROBABILITY = "probability_"
# PostgreSQL's longest name of a column.
_LONGEST = 63
# A whole number's least and greatest value, by the column's type.
_SIZES = {"int": 2**31, "long": 2**63}


def texts(label: Label) -> tuple[str, ...]:
    """The classes as texts, as decisions and tables show them, in declared order."""
    return tuple(map(str, label.classes))


def in_column(text: str) -> str:
    """A class as a part of a column's or metric's name: in lower case, every other character than a-z and 0-9 as ``_``."""
    return re.sub(r"[^a-z0-9]", "_", text.lower())


def probability_columns(label: Label) -> tuple[str, ...]:
    """The columns of the scores that have the probability of each class."""
    return tuple(f"{PROBABILITY}{in_column(text)}" for text in texts(label))


def cost_matrix(model: Model, label: Label) -> tuple[tuple[float, ...], ...] | None:
    """What it costs to decide each class (inner) where each class (outer) is true; None without declared costs."""
    if not model.costs:
        return None
    names = texts(label)
    return tuple(
        tuple(float(model.costs.get(true, {}).get(decided, true != decided)) for decided in names) for true in names
    )


def problems(label: Label, column: Column) -> Iterator[str]:
    """What does not fit between the classes and the label's column."""
    if column.type not in ("string", *_SIZES):
        yield (
            f"label.column: expected a column of type string, int or long, whose values are classes, {column.name} is {column.type}"
        )
        return
    wanted = str if column.type == "string" else int
    if wrong := [value for value in label.classes if type(value) is not wanted]:
        how = "quote it" if wanted is str else "write whole numbers without quotes"
        yield f"label.classes: expected values of {column.name}, which is {column.type}, found {wrong[0]!r}; {how}"
        return
    if column.allowed is not None:
        allowed = f"the values that {column.name} may have (allowed)"
        yield from unknown("label.classes", texts(label), column.allowed, allowed)
    size = _SIZES.get(column.type, 0)
    if beyond := [value for value in label.classes if isinstance(value, int) and not -size <= value < size]:
        yield f"label.classes: expected whole numbers that {column.name}, being {column.type}, can have, found {beyond[0]}"


def own_problems(classes: Sequence[str | int]) -> Iterator[str]:
    """What is wrong with the classes themselves."""
    names = [str(value) for value in classes]
    if len(names) == 1:
        yield f"classes: expected at least two, found {names[0]} alone"
    if len({type(value) for value in classes}) > 1:
        yield "classes: expected texts alone or whole numbers alone, found both; quote each if they are meant as texts"
    if any(not name.strip() for name in names):
        yield "classes: expected texts that are not empty, found one that is"
    yield from twice("classes", names)
    by_column: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_column.setdefault(in_column(name), []).append(name)
    for column, same in by_column.items():
        if len(same) > 1:
            yield (
                f"classes: {' and '.join(same)} would both have the column {PROBABILITY}{column}; expected classes that differ in "
                "their letters a-z and digits: rename a value where it is delivered"
            )
        if len(PROBABILITY + column) > _LONGEST:
            yield (
                f"classes: expected at most {_LONGEST - len(PROBABILITY)} characters, which is what a column's name has room "
                f"for, found {same[0]}"
            )


def cost_problems(model: Model, label: Label) -> Iterator[str]:
    """Costs of what is no class."""
    known, what = texts(label), "the classes (label.classes)"
    yield from unknown("model.costs", model.costs, known, what)
    for true, row in model.costs.items():
        yield from unknown(f"model.costs.{true}", row, known, what)
    if model.costs and not any(cost for row in cost_matrix(model, label) or () for cost in row):
        yield "model.costs: expected at least one decision that costs something, found none that does"
