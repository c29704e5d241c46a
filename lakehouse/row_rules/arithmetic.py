"""Arithmetic as Spark's ANSI mode has it: what overflows or divides by zero fails its row."""

from __future__ import annotations

import decimal
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration.row_rules import Node, Type
from lakehouse.row_rules.values import Mask, RowFailure, Rows, Value, arrow_type, from_numpy, numpy_of, without

ZERO = "division by zero"
_EXACT = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_UP)
_LIMITS = {"int": 2**31, "long": 2**63}


def overflow(type_: Type) -> str:
    """Why a row fails whose number does not fit."""
    return f"overflow of {'an int' if type_.name == 'int' else f'a {type_}'}"


def calculate(rows: Rows, node: Node, left: Value, right: Value) -> Value:
    """The operators + - * / % DIV."""
    if node.type.name == "decimal":
        return _exact(rows, node, left, right)
    # Spark looks at a divisor first.
    order = (right, left) if node.op in ("/", "%", "div") else (left, right)
    one, other = numpy_of(left.data), numpy_of(right.data)
    zero: Mask | None = other == 0 if node.op in ("/", "%", "div") else None
    if node.type.name == "double":
        divisor = other if zero is None else np.where(zero, 1.0, other)
        with np.errstate(all="ignore"):
            result = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.fmod}[node.op](
                one, divisor
            )
        return rows.strict(from_numpy(result, pa.float64(), left.data, right.data), order, zero, ZERO)
    one, other = one.astype(np.int64), other.astype(np.int64)
    if zero is not None:
        result, lost = _whole_division(node.op, one, np.where(zero, 1, other))
    else:
        result, lost = _whole(node.op, one, other, node.type)
    data = from_numpy(result, arrow_type(node.type), left.data, right.data)
    value = rows.strict(data, order, zero, ZERO)
    return rows.strict(value.data, (value,), lost, overflow(node.type)) if lost.any() else value


def _whole(op: str, one: Any, other: Any, type_: Type) -> tuple[Any, Mask]:
    """The result and where it does not fit."""
    with np.errstate(over="ignore"):
        result = {"+": np.add, "-": np.subtract, "*": np.multiply}[op](one, other)
    if type_.name == "int":
        return result, (result < -(2**31)) | (result >= 2**31)
    if op == "+":
        return result, ((one ^ result) & (other ^ result)) < 0
    if op == "-":
        return result, ((one ^ other) & (one ^ result)) < 0
    near = np.abs(one.astype(np.float64) * other.astype(np.float64)) > 2.0**62
    lost = np.zeros(len(result), dtype=bool)
    for index in np.flatnonzero(near):
        lost[index] = not -(2**63) <= int(one[index]) * int(other[index]) < 2**63
    return result, lost


def _whole_division(op: str, one: Any, other: Any) -> tuple[Any, Mask]:
    """Towards zero, as Java divides."""
    by_minus_one = other == -1
    rest = np.where(by_minus_one, 0, np.fmod(one, np.where(by_minus_one, 1, other)))
    if op == "%":
        return rest, np.zeros(len(rest), dtype=bool)
    lost = by_minus_one & (one == -(2**63))
    with np.errstate(over="ignore"):
        return np.where(by_minus_one, -one, (one - rest) // np.where(by_minus_one, 1, other)), lost


def _exact(rows: Rows, node: Node, left: Value, right: Value) -> Value:
    """Between decimals, digit by digit: Arrow has Spark's types for all but the division."""
    type_ = arrow_type(node.type)
    if node.op != "/":
        operator = {"+": pc.add, "-": pc.subtract, "*": pc.multiply}[node.op]
        return rows.strict(operator(left.data, right.data).cast(type_), (left, right))
    unit = decimal.Decimal(1).scaleb(-node.type.scale)

    def divided(divisor: decimal.Decimal, number: decimal.Decimal) -> decimal.Decimal:
        if not divisor:
            raise RowFailure(ZERO)
        return _EXACT.quantize(_EXACT.divide(number, divisor), unit)

    return rows.each_row(divided, type_, right, left)


def negate(rows: Rows, node: Node, value: Value) -> Value:
    """The minus before a number, and ABS."""
    if node.type.name == "decimal":
        return rows.strict((pc.abs if node.op == "abs" else pc.negate)(value.data), (value,))
    number = numpy_of(value.data)
    limit = _LIMITS.get(node.type.name)
    lost = None if limit is None else number == -limit
    with np.errstate(over="ignore"):
        result = np.abs(number) if node.op == "abs" else -number
    data = from_numpy(result, arrow_type(node.type), value.data)
    return rows.strict(data, (value,), lost, overflow(node.type))


def rounded(rows: Rows, node: Node, value: Value) -> Value:
    """ROUND: half away from zero, of the digits with which a double is written."""
    if node.type.name != "double":
        return value
    number = numpy_of(value.data)
    scale = 10.0**node.value
    with np.errstate(all="ignore"):
        scaled = np.abs(number) * scale
        result = np.copysign(np.floor(scaled + 0.5) / scale, number)
        doubtful = np.isfinite(number) & ((scaled > 2.0**50) | (np.abs(scaled - np.floor(scaled) - 0.5) < 1e-4))
    result = np.where(np.isfinite(number), result, number)
    unit = decimal.Decimal(1).scaleb(-node.value)
    for index in np.flatnonzero(doubtful):
        written = decimal.Decimal(repr(float(number[index])))
        exponent = written.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > node.value:
            result[index] = float(written.quantize(unit, decimal.ROUND_HALF_UP, decimal.Context(prec=400)))
        else:
            result[index] = number[index]
    return rows.strict(from_numpy(result, pa.float64(), value.data), (value,))


def whole(rows: Rows, node: Node, value: Value) -> Value:
    """FLOOR and CEIL: a long; beyond its range the nearest, and 0 of NaN."""
    if not pa.types.is_floating(value.data.type):
        return Value(value.data.cast(pa.int64()), value.failure)
    number = numpy_of(value.data)
    result = truncated(np.floor(number) if node.op == "floor" else np.ceil(number))
    return rows.strict(from_numpy(result, pa.int64(), value.data), (value,))


def truncated(number: Any) -> Any:
    """Doubles as longs, as Java turns them."""
    inside = (number > -(2.0**63)) & (number < 2.0**63)
    result = np.where(inside, number, 0.0).astype(np.int64)
    result[number >= 2.0**63] = 2**63 - 1
    result[number <= -(2.0**63)] = -(2**63)
    return result


def of_doubles(rows: Rows, node: Node, values: tuple[Value, ...]) -> Value:
    """SIGN, SQRT, EXP, LN, LOG10 and POWER; a logarithm of what has none is null."""
    numbers = [numpy_of(value.data) for value in values]
    with np.errstate(all="ignore"):
        if node.op == "power":
            result = np.power(*numbers)
            # Java has no value here, C has 1.
            odd = (np.abs(numbers[0]) == 1) & ~np.isfinite(numbers[1]) | np.isnan(numbers[0]) & (numbers[1] != 0)
            result = np.where(odd | (np.isnan(numbers[1])), math.nan, result)
        else:
            functions = {"sign": np.sign, "sqrt": np.sqrt, "exp": np.exp, "ln": np.log, "log10": np.log10}
            result = functions[node.op](numbers[0])
    data = from_numpy(result, pa.float64(), *(value.data for value in values))
    value = rows.strict(data, values)
    if node.op in ("ln", "log10"):
        return Value(without(value.data, numbers[0] <= 0), value.failure)
    return value
