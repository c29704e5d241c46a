"""What the parts of a row rule are: types, and the nodes of a checked expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class RuleError(ValueError):
    """An expression that is no row rule: what was expected, and what was found."""


@dataclass(frozen=True)
class Type:
    """A column's type, or what only arises within an expression: ``interval``, ``null`` and exact ``decimal``."""

    name: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return self.name

    @property
    def is_number(self) -> bool:
        """Whether one can calculate with it."""
        return self.name in ("int", "long", "double", "decimal")

    @property
    def is_moment(self) -> bool:
        """Whether it is a date or a timestamp."""
        return self.name in ("date", "timestamp")


STRING, INT, LONG, DOUBLE = Type("string"), Type("int"), Type("long"), Type("double")
BOOLEAN, DATE, TIMESTAMP, INTERVAL, NULL = (
    Type("boolean"),
    Type("date"),
    Type("timestamp"),
    Type("interval"),
    Type("null"),
)
TYPES = {one.name: one for one in (STRING, INT, LONG, DOUBLE, BOOLEAN, DATE, TIMESTAMP)}

# Spark's largest; an expression that needs more loses digits there, and is refused here.
MOST_DIGITS = 38


@dataclass(frozen=True)
class Node:
    """A part of a checked expression.

    Attributes:
        op: ``column``, ``literal``, an operator's sign or a function's name.
        type: the type of its value.
        args: what it is computed from, of the types that it takes.
        value: a column's name; a literal's value (a date in days and a timestamp in microseconds since 1970, an interval in
            microseconds); what else is fixed when the declaration is loaded, such as a pattern.
    """

    op: str
    type: Type
    args: tuple[Node, ...] = ()
    value: Any = None

    def __str__(self) -> str:
        article = "an" if self.type.name in ("int", "interval") else "a"
        if self.op == "column":
            return f"{self.value} ({article} {self.type})"
        if self.op == "literal" and not self.type.is_moment and self.type != INTERVAL:
            return f"{self.value!r} ({article} {self.type})"
        return f"{article} {self.type}"


def decimal(precision: int, scale: int) -> Type:
    """The type of exact numbers with so many digits, ``scale`` of them after the point.

    Raises:
        RuleError: it needs more digits than there are.
    """
    if precision > MOST_DIGITS:
        raise RuleError(
            f"exact arithmetic on it needs {precision} digits, expected at most {MOST_DIGITS}; write 1.5D instead of 1.5 to "
            "calculate with doubles"
        )
    return Type("decimal", precision, scale)


def as_decimal(node: Node) -> Type:
    """The exact type that holds every value of a whole number; a decimal's own."""
    if node.type.name == "decimal":
        return node.type
    if node.op == "literal":
        return decimal(len(str(abs(node.value))), 0)
    return decimal(10 if node.type == INT else 20, 0)
