"""How values become of one type: casts that are written, and widenings that need none."""

from __future__ import annotations

from decimal import Decimal

from lakehouse.declaration.row_rules import literals
from lakehouse.declaration.row_rules.types import (
    DATE,
    DOUBLE,
    LONG,
    NULL,
    STRING,
    TIMESTAMP,
    Node,
    RuleError,
    Type,
    as_decimal,
    decimal,
)

DAY = 86_400_000_000
_TEXT_CASTS = ("string", "int", "long", "double", "boolean", "date", "timestamp")
# From which type to which; a number and a moment have no common meaning here.
CASTS: dict[str, tuple[str, ...]] = {
    "string": _TEXT_CASTS,
    "int": ("string", "int", "long", "double", "boolean"),
    "long": ("string", "int", "long", "double", "boolean"),
    "double": ("string", "int", "long", "double", "boolean"),
    "boolean": ("string", "int", "long", "double", "boolean"),
    "date": ("string", "date", "timestamp"),
    "timestamp": ("string", "date", "timestamp"),
    "decimal": ("double",),
}


def cast(node: Node, target: Type, may_fail: bool = True) -> Node:
    """``node`` as another type; ``may_fail``: a value that is none fails its row, else it is null.

    Raises:
        RuleError: there is no such cast.
    """
    if node.type == NULL:
        raise RuleError("CAST of NULL has no use here: a NULL in CASE or COALESCE takes the type of the others")
    if target.name not in CASTS.get(node.type.name, ()):
        expected = ", ".join(CASTS.get(node.type.name, ())) or "none"
        raise RuleError(f"CAST from {node.type} to {target} is not known; from {node} it goes to: {expected}")
    return Node("cast", target, (node,), value=may_fail)


def widened(node: Node, target: Type) -> Node:
    """``node`` as the wider type that it meets."""
    if node.type == target:
        return node
    if node.op == "literal" and node.type == NULL:
        return Node("literal", target)
    if node.op == "literal" and target == DOUBLE:
        return Node("literal", target, value=float(node.value))
    if node.op == "literal" and target == LONG:
        return Node("literal", target, value=node.value)
    if node.op == "literal" and target.name == "decimal":
        return Node("literal", target, value=Decimal(node.value))
    if node.op == "literal" and node.type == STRING:
        return literals.moment(node.value, target)
    if node.op == "literal" and node.type == DATE:
        return Node("literal", target, value=node.value * DAY)
    return Node("cast", target, (node,), value=True)


def united(nodes: list[Node], what: str) -> list[Node]:
    """The nodes, all of their common type.

    Raises:
        RuleError: they have none.
    """
    given = [node for node in nodes if node.type != NULL]
    if not given:
        raise RuleError(f"{what} expects a value, found NULL alone")
    common = given[0].type
    for node in given[1:]:
        common = _common(common, node, given, what)
    if common.name == "decimal":
        exact = [as_decimal(node) for node in given]
        scale = max(one.scale for one in exact)
        common = decimal(max(one.precision - one.scale for one in exact) + scale, scale)
    return [widened(node, common) for node in nodes]


def _common(common: Type, node: Node, nodes: list[Node], what: str) -> Type:
    found = node.type
    if common.name == found.name:
        return common
    names = {common.name, found.name}
    if common.is_number and found.is_number:
        return next(one for one in (DOUBLE, Type("decimal"), LONG) if one.name in names)
    if common.is_moment and found.is_moment:
        return TIMESTAMP
    for text_type, other in ((common, found), (found, common)):
        texts = [one for one in nodes if one.type == STRING]
        if text_type == STRING and other.is_moment and all(one.op == "literal" for one in texts):
            return other
    raise RuleError(f"{what} expects one kind of value, found {nodes[0]} and {node}; CAST one of them")
