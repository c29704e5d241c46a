"""Whether a column's rules fit its type and one another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakehouse.declaration.source import Column

_NUMBERS = ("int", "long", "double")
_WHOLE = {"int": 2**31, "long": 2**63}


def problems(column: Column) -> Iterator[str]:
    """Every rule that no value could keep, or that is of another type."""
    bounds = {name: bound for name in ("minimum", "maximum") if (bound := getattr(column, name)) is not None}
    if bounds and column.type not in _NUMBERS:
        yield f"minimum and maximum need a numeric column, {column.name} is {column.type}"
    if (column.allowed is not None or column.pattern is not None) and column.type != "string":
        yield f"allowed and pattern need a string column, {column.name} is {column.type}"
    if len(bounds) == 2 and bounds["minimum"] > bounds["maximum"]:
        yield f"minimum: expected at most maximum ({bounds['maximum']:g}) in {column.name}, found {bounds['minimum']:g}"
    if column.type in _WHOLE:
        size = _WHOLE[column.type]
        for name, bound in bounds.items():
            if not bound.is_integer() or not -size <= bound <= size:
                yield f"{name}: expected a whole number that {column.name}, being {column.type}, can have, found {bound:g}"
    if column.allowed is not None:
        yield from _of_allowed(column, column.allowed)


def _of_allowed(column: Column, allowed: tuple[str, ...]) -> Iterator[str]:
    if not allowed:
        yield f"allowed: expected at least one value of {column.name}, found none; leave it out to allow every value"
    if repeated := sorted({value for value in allowed if allowed.count(value) > 1}):
        yield f"allowed: {column.name} has twice: {', '.join(repeated)}"
    # A pattern that is none is a problem of its own.
    if column.pattern is not None and (
        broken := [value for value in allowed if re.fullmatch(column.pattern, value) is None]
    ):
        yield f"allowed: {', '.join(broken)} of {column.name}: expected the form of its pattern {column.pattern}"


def compiled(pattern: str) -> str:
    """The pattern, if it is one of Python's.

    Raises:
        ValueError: with what is wrong, and where.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression of Python's is expected: {error}, found {pattern!r}") from error
    return pattern
