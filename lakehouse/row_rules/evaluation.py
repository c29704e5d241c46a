"""Walking through a checked rule for all rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration import row_rules
from lakehouse.declaration.row_rules import Node
from lakehouse.row_rules import arithmetic, casts, comparison, logic, moments, texts
from lakehouse.row_rules.values import Rows, Value, arrow_type, as_mask, of_number

_DOUBLES = frozenset({"sign", "sqrt", "exp", "ln", "log10", "power"})


@dataclass(frozen=True)
class Outcome:
    """What a rule says of each row.

    Attributes:
        broken: the rule is false. One that is null holds, as in SQL's CHECK.
        failed: the rule can't be evaluated for the row; it is not ``broken`` then.
        reasons: why it failed, such as ``division by zero``; null where it did not.
    """

    broken: Any
    failed: Any
    reasons: Any


def evaluate(expression: str, columns: Mapping[str, str], table: Any) -> Outcome:
    """Judge rows by a rule.

    Args:
        expression: the rule, right for ``columns`` (:func:`lakehouse.declaration.row_rules.parse`).
        columns: the type of each column of the contract.
        table: the typed rows: an Arrow table or batch, or a dictionary of arrays of one length. A timestamp without a zone is UTC.

    Raises:
        RuleError: the rule is none.
    """
    rule = row_rules.parse(expression, columns)
    names = _columns(rule)
    given = {name: casts.canonical(table[name], row_rules.TYPES[columns[name]]) for name in names}
    count = table.num_rows if hasattr(table, "num_rows") else len(next(iter(table.values()), ()))
    rows = Rows(count, given)
    value = _value(rows, rule)
    failed = value.failed
    broken = ~as_mask(value.data.fill_null(True)) & ~failed
    reasons = pa.array(rows.reasons).take(
        pa.array(np.zeros(count, np.int32) if value.failure is None else value.failure)
    )
    return Outcome(
        pa.array(broken), pa.array(failed), pc.if_else(pa.array(failed), reasons, pa.scalar(None, pa.string()))
    )


def columns_of(expression: str, columns: Mapping[str, str]) -> set[str]:
    """The columns that a rule names.

    Args:
        expression: the rule, right for ``columns``.
        columns: the type of each column that it could name.
    """
    return _columns(row_rules.parse(expression, columns))


def _columns(node: Node) -> set[str]:
    own = {str(node.value)} if node.op == "column" else set()
    return own.union(*(_columns(arg) for arg in node.args))


def _value(rows: Rows, node: Node) -> Value:
    if node.op == "column":
        return Value(rows.columns[node.value])
    if node.op == "literal":
        return _literal(rows, node)
    values = tuple(_value(rows, arg) for arg in node.args)
    lazy = _lazy(rows, node, values)
    return _strict(rows, node, values) if lazy is None else lazy


def _literal(rows: Rows, node: Node) -> Value:
    type_ = arrow_type(node.type)
    if node.value is None or not pa.types.is_temporal(type_):
        return Value(pa.repeat(pa.scalar(node.value, type_), rows.count))
    return Value(of_number(pa.repeat(pa.scalar(node.value, pa.int64()), rows.count), type_))


def _lazy(rows: Rows, node: Node, values: tuple[Value, ...]) -> Value | None:
    match node.op:
        case "and" | "or":
            return reduce(lambda left, right: logic.joined(rows, node.op, left, right), values)
        case "case":
            result = values[-1]
            for index in range(len(values) - 3, -1, -2):
                result = logic.chosen(rows, values[index], values[index + 1], result)
            return result
        case "coalesce":
            return reduce(lambda rest, value: logic.first(rows, value, rest), values[-2::-1], values[-1])
        case "greatest" | "least":
            return reduce(lambda left, right: logic.extreme(rows, node.op, left, right), values)
        case "<=>":
            equal = Value(comparison.compare("=", values[0].data, values[1].data))
            return logic.same(rows, values[0], values[1], equal)
        case "isnull":
            data = pc.is_null(values[0].data)
            return Value(pc.if_else(pa.array(values[0].failed), pa.scalar(None, pa.bool_()), data), values[0].failure)
        case "istrue":
            data = pc.equal(values[0].data, pa.scalar(node.value)).fill_null(False)
            return Value(pc.if_else(pa.array(values[0].failed), pa.scalar(None, pa.bool_()), data), values[0].failure)
        case "concat":
            return texts.concat(rows, values)
    return None


def _strict(rows: Rows, node: Node, values: tuple[Value, ...]) -> Value:
    match node.op:
        case "=" | "<>" | "<" | "<=" | ">" | ">=":
            return rows.strict(comparison.compare(node.op, values[0].data, values[1].data), values)
        case "+" | "-" | "*" | "/" | "%" | "div":
            return arithmetic.calculate(rows, node, *values)
        case "neg" | "abs":
            return arithmetic.negate(rows, node, values[0])
        case "round":
            return arithmetic.rounded(rows, node, values[0])
        case "floor" | "ceil":
            return arithmetic.whole(rows, node, values[0])
        case "not":
            return rows.strict(pc.invert(values[0].data), values)
        case "in":
            return _listed(rows, node, values[0])
        case "like" | "rlike":
            return texts.like(rows, node, values[0])
        case "cast":
            return casts.cast(rows, node, values[0])
        case "date_add" | "date_sub" | "moved":
            return moments.moved(rows, node, values)
        case "datediff" | "between":
            return moments.between(rows, node, values)
    if node.op in moments.PARTS:
        return moments.part(rows, node, values[0])
    if node.op in _DOUBLES:
        return arithmetic.of_doubles(rows, node, values)
    return texts.of_texts(rows, node, values)


def _listed(rows: Rows, node: Node, value: Value) -> Value:
    data = value.data
    items = pa.array(node.value, pa.int64() if pa.types.is_temporal(data.type) else data.type)
    found = pc.is_in(data, of_number(items, data.type) if pa.types.is_temporal(data.type) else items)
    return rows.strict(pc.if_else(pc.is_valid(data), found, pa.scalar(None, pa.bool_())), (value,))
