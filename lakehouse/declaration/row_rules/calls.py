"""Calls of functions: known, with as many arguments as they take, each of its kind."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from lakehouse.declaration.row_rules import conversions, operators, patterns
from lakehouse.declaration.row_rules.catalogue import BY_NAME, REFUSED, Function, names
from lakehouse.declaration.row_rules.types import BOOLEAN, DATE, DOUBLE, INT, LONG, NULL, STRING, TYPES, Node, RuleError

MOST_PLACES = 18


def called(name: str, given: list[Any], node: Callable[[Any], Node] = lambda part: part) -> Node:
    """The node of a call; ``node`` makes one of each argument, once the function is known.

    Raises:
        RuleError: there is no such function, or it is not called so.
    """
    known = BY_NAME.get(name.lower())
    if known is None:
        if reason := REFUSED.get(name.lower()):
            raise RuleError(f"{name.upper()} is refused: it {reason}")
        near = difflib.get_close_matches(name.lower(), BY_NAME, n=1)
        meant = f"; did you mean {near[0].upper()}?" if near else ""
        raise RuleError(f"unknown function {name.upper()}{meant}; expected one of {names()}")
    if not len(known.takes) - known.optional <= len(given) <= known.most:
        raise RuleError(f"expected {known.signature}, found {len(given)} argument(s)")
    kinds = [*known.takes, *[known.takes[-1]] * (len(given) - len(known.takes))][: len(given)]
    args = [_argument(known, kind, node(part)) for kind, part in zip(kinds, given, strict=True)]
    if known.gives != "same" and known.name not in _SPECIAL:
        return Node(known.name, TYPES[known.gives], tuple(args))
    return _SPECIAL[known.name](known, args)


def _argument(function: Function, kind: str, node: Node) -> Node:
    """An argument, as the kind that the function takes."""
    name, type_ = function.name.upper(), node.type
    if type_ == NULL and function.name not in ("if", "coalesce", "nvl"):
        raise RuleError(f"{name} of NULL is NULL for every row; expected a value")
    if kind == "any":
        return node
    if kind == "number" and type_.is_number:
        return node
    if kind == "double" and type_.is_number:
        # A whole number needs no rounding, and a double has no place for each long.
        return node if function.gives == "long" and type_ in (INT, LONG) else conversions.widened(node, DOUBLE)
    if kind == "date" and type_.is_moment:
        return node if type_ == DATE else conversions.cast(node, DATE)
    if kind == "pattern" and type_ == STRING and node.op == "literal":
        return node
    if kind == "places" and node.op == "literal" and type_ == INT and 0 <= node.value <= MOST_PLACES:
        return node
    if kind == type_.name:
        return node
    meant = {
        "places": f"a written number from 0 to {MOST_PLACES}",
        "pattern": "a pattern in quotes",
        "int": "an int",
    }.get(kind, f"a {kind}")
    raise RuleError(f"{function.signature} expects {meant}, found {node}")


def _if(function: Function, args: list[Node]) -> Node:
    return operators.chosen([(args[0], args[1])], args[2], "IF")


def _same(function: Function, args: list[Node]) -> Node:
    same = conversions.united(args, function.name.upper())
    return Node("coalesce" if function.name == "nvl" else function.name, same[0].type, tuple(same))


def _nullif(function: Function, args: list[Node]) -> Node:
    equal = operators.compared("=", *args)
    return Node("case", args[0].type, (equal, Node("literal", args[0].type), args[0]))


def _mod(function: Function, args: list[Node]) -> Node:
    return operators.calculated("%", *args)


def _abs(function: Function, args: list[Node]) -> Node:
    return Node("abs", args[0].type, tuple(args))


def _round(function: Function, args: list[Node]) -> Node:
    if args[0].type.name == "decimal":
        raise RuleError(f"ROUND expects a whole number or a double, found {args[0]}; write 1.5D, or CAST it to double")
    return Node("round", args[0].type, (args[0],), value=args[1].value if len(args) == 2 else 0)


def _to_date(function: Function, args: list[Node]) -> Node:
    return conversions.cast(args[0], DATE)


def _regexp_like(function: Function, args: list[Node]) -> Node:
    return Node("rlike", BOOLEAN, (args[0],), value=patterns.of_regexp(args[1].value))


_SPECIAL: dict[str, Callable[[Function, list[Node]], Node]] = {
    "if": _if,
    "coalesce": _same,
    "nvl": _same,
    "greatest": _same,
    "least": _same,
    "nullif": _nullif,
    "mod": _mod,
    "abs": _abs,
    "round": _round,
    "to_date": _to_date,
    "regexp_like": _regexp_like,
}
