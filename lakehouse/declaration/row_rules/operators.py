"""Which types an operator takes, and what it gives: as Spark's ANSI mode, but for a text and a number, which never mix."""

from __future__ import annotations

from typing import Any

from lakehouse.declaration.row_rules import patterns
from lakehouse.declaration.row_rules.conversions import DAY, united, widened
from lakehouse.declaration.row_rules.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    INTERVAL,
    LONG,
    NULL,
    STRING,
    TIMESTAMP,
    Node,
    RuleError,
    as_decimal,
    decimal,
)


def _not_null(*nodes: Node) -> None:
    if any(node.type == NULL for node in nodes):
        raise RuleError("an operator beside NULL is NULL for every row; expected IS NULL or IS NOT NULL")


def compared(sign: str, left: Node, right: Node) -> Node:
    """A comparison."""
    _not_null(left, right)
    return Node(sign, BOOLEAN, tuple(united([left, right], sign)))


def listed(value: Node, items: list[Node]) -> Node:
    """``value IN (items)``: a set where all are written out, else one comparison after the other."""
    _not_null(value, *items)
    same = united([value, *items], "IN")
    if all(item.op == "literal" for item in same[1:]) and same[0].type in (STRING, INT, LONG, DATE):
        return Node("in", BOOLEAN, (same[0],), value=tuple(item.value for item in same[1:]))
    return Node("or", BOOLEAN, tuple(Node("=", BOOLEAN, (same[0], item)) for item in same[1:]))


def chosen(branches: list[tuple[Node, Node]], default: Node, what: str = "CASE") -> Node:
    """CASE and IF: the value of the first branch whose condition is true."""
    values = united([*(value for _, value in branches), default], what)
    args: list[Node] = []
    for (when, _), value in zip(branches, values, strict=False):
        if when.type != BOOLEAN:
            raise RuleError(f"expected a condition that is true or false, found {when}")
        args += (when, value)
    return Node("case", values[-1].type, (*args, values[-1]))


def negated(node: Node) -> Node:
    """A minus before a number."""
    if not node.type.is_number:
        raise RuleError(f"- expects a number, found {node}")
    return Node("neg", node.type, (node,))


def calculated(sign: str, left: Node, right: Node) -> Node:
    """An operator on numbers, or + and - on moments."""
    _not_null(left, right)
    if sign in "+-" and (left.type.is_moment or right.type.is_moment):
        return _moved(sign, left, right)
    if not (left.type.is_number and right.type.is_number):
        raise RuleError(f"{sign.upper()} expects two numbers, found {left} and {right}")
    names = {left.type.name, right.type.name}
    if sign == "div" and names & {"double", "decimal"}:
        raise RuleError(f"DIV expects whole numbers, found {left} and {right}")
    if "decimal" in names and "double" not in names:
        return _exact(sign, left, right)
    type_ = DOUBLE if sign == "/" or "double" in names else LONG if sign == "div" or "long" in names else INT
    return Node(sign, type_, (widened(left, type_), widened(right, type_)))


def _exact(sign: str, left: Node, right: Node) -> Node:
    one, other = as_decimal(left), as_decimal(right)
    scale = max(one.scale, other.scale)
    if sign == "*":
        type_ = decimal(one.precision + other.precision + 1, one.scale + other.scale)
    elif sign == "/":
        scale = max(6, one.scale + other.precision + 1)
        type_ = decimal(one.precision - one.scale + other.scale + scale, scale)
    elif sign in "+-":
        whole = max(one.precision - one.scale, other.precision - other.scale)
        type_ = decimal(whole + scale + 1, scale)
    else:
        raise RuleError(f"{sign} expects whole numbers or doubles, found {left} and {right}; write 1.5D for a double")
    return Node(sign, type_, (widened(left, one), widened(right, other)))


def _moved(sign: str, left: Node, right: Node) -> Node:
    """A moment and a length of time, or the time between two moments."""
    if sign == "+" and right.type.is_moment:
        left, right = right, left
    if sign == "-" and left.type.is_moment and right.type.is_moment:
        one, other = united([left, right], sign)
        return Node("between", INTERVAL, (one, other))
    if left.type == DATE and right.type == INT:
        return Node("date_add" if sign == "+" else "date_sub", DATE, (left, right))
    if left.type == DATE and right.op == "literal" and right.type == INTERVAL and right.value % DAY == 0:
        return Node(
            "date_add" if sign == "+" else "date_sub", DATE, (left, Node("literal", INT, value=right.value // DAY))
        )
    if left.type == TIMESTAMP and right.op == "literal" and right.type == INTERVAL:
        return Node("moved", TIMESTAMP, (left,), value=right.value if sign == "+" else -right.value)
    raise RuleError(
        f"{sign} expects a date and days (an int, INTERVAL 2 DAYS), a timestamp and an INTERVAL, or two moments; found "
        f"{left} and {right}"
    )


def like(value: Node, pattern: Node, escape: str, ignore_case: bool) -> Node:
    """LIKE and ILIKE with a pattern that is written out."""
    if value.type != STRING or pattern.op != "literal" or pattern.type != STRING:
        raise RuleError(f"LIKE expects a string and a pattern in quotes, found {value} and {pattern}")
    written: Any = pattern.value
    if ignore_case:
        value, written = Node("lower", STRING, (value,)), written.lower()
    return Node("like", BOOLEAN, (value,), value=patterns.of_like(written, escape))
