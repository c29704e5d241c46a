"""CAST and TRY_CAST as Spark's ANSI mode has them, and the widenings that a rule needs no CAST for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.declaration.row_rules import Node, Type
from lakehouse.row_rules import written
from lakehouse.row_rules.arithmetic import overflow, truncated
from lakehouse.row_rules.moments import DAY
from lakehouse.row_rules.values import Rows, Value, arrow_type, from_numpy, numpy_of


def cast(rows: Rows, node: Node, value: Value) -> Value:
    """``value`` as the node's type. TRY_CAST gives null for what has no such value; what failed before stays failed."""
    result = _cast(rows, node.args[0].type, node.type, value)
    if node.value or result.failure is None:
        return result
    return Value(result.data, value.failure)


def _cast(rows: Rows, source: Type, target: Type, value: Value) -> Value:
    if source == target:
        return value
    if source.name == "string":
        return rows.each(written.READERS[target.name], arrow_type(target), value)
    if target.name == "string":
        return rows.each(written.WRITERS[source.name], pa.string(), value)
    if source.name == "decimal" or target.name == "decimal":
        return Value(value.data.cast(arrow_type(target)), value.failure)
    if target.name == "boolean":
        return rows.strict(pc.not_equal(value.data, pa.scalar(0, value.data.type)), (value,))
    numbers = numpy_of(value.data)
    if target.name == "timestamp":
        far = np.abs(numbers) > (2**63 - 1) // DAY
        data = from_numpy(np.where(far, 0, numbers) * DAY, arrow_type(target), value.data)
        return rows.strict(data, (value,), far, overflow(target))
    if target.name == "date":
        return rows.strict(from_numpy(numbers // DAY, pa.date32(), value.data), (value,))
    if target.name == "double":
        return rows.strict(from_numpy(numbers.astype(np.float64), pa.float64(), value.data), (value,))
    return _whole(rows, target, value, numbers)


def _whole(rows: Rows, target: Type, value: Value, numbers: Any) -> Value:
    """A number as a whole one; a double is cut off."""
    limit = 2.0**31 if target.name == "int" else 2.0**63
    if numbers.dtype == np.float64:
        # Java compares with the largest long as a double, which is one more.
        above = np.floor(numbers) > (limit - 1 if target.name == "int" else limit)
        lost = np.isnan(numbers) | above | (np.ceil(numbers) < -limit)
        numbers = truncated(np.where(lost, 0, numbers))
    else:
        numbers = numbers.astype(np.int64)
        lost = (numbers < -(2**31)) | (numbers >= 2**31) if target.name == "int" else np.zeros(len(numbers), dtype=bool)
    data = from_numpy(np.where(lost, 0, numbers), arrow_type(target), value.data)
    return rows.strict(data, (value,), lost, overflow(target))


def canonical(data: Any, type_: Type) -> Any:
    """A column as its contract's type says, in one piece."""
    if isinstance(data, pa.ChunkedArray):
        data = data.combine_chunks()
    if pa.types.is_timestamp(data.type) and data.type.tz is None:
        data = data.cast(pa.timestamp("us")).cast(pa.timestamp("us", dt.UTC.tzname(None)))
    return data if data.type == arrow_type(type_) else data.cast(arrow_type(type_))
