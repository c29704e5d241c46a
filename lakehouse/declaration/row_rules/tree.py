"""What sqlglot calls the parts of SQL."""

from __future__ import annotations

from typing import Any

COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "NullSafeEQ": "<=>"}
ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Mod": "%", "IntDiv": "div"}
# What Spark and others read differently where it stands beside another of the kind without parentheses.
CONDITIONS = frozenset({*COMPARISONS, "NullSafeNEQ", "Between", "In", "Is", "Like", "ILike", "RegexpLike", "Escape"})
# sqlglot's names of Spark's types.
CAST_TYPES = {
    "TEXT": "string", "VARCHAR": "string", "INT": "int", "BIGINT": "long", "DOUBLE": "double", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMPTZ": "timestamp", "TIMESTAMP": "timestamp",
}  # fmt: skip


def chain(tree: Any) -> list[Any]:
    """The conditions that one AND or OR joins: `a AND b AND c` is a tree as deep as it is long."""
    kind, parts = type(tree), []
    while type(tree) is kind:
        parts.append(tree.expression)
        tree = tree.this
    return [tree, *reversed(parts)]


def called(kind: str) -> str:
    """What people call a part."""
    names = {
        "Star": "*", "Alias": "a name (AS, or two words beside one another)", "Select": "a query", "Subquery": "a query",
        "Exists": "a query", "Window": "a window (OVER)", "Tuple": "a list outside of IN", "Placeholder": "a parameter",
        "Distinct": "DISTINCT", "BitwiseAnd": "&", "BitwiseOr": "|", "BitwiseXor": "^", "BitwiseNot": "~",
    }  # fmt: skip
    return names.get(kind, kind)
