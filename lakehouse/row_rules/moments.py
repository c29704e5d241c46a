"""Dates (days since 1970) and timestamps (microseconds since 1970, UTC)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse.declaration.row_rules import Node
from lakehouse.row_rules.values import Rows, Value, arrow_type, from_numpy, numpy_of

DAY = 86_400_000_000
_SECOND = 1_000_000


def _months(days: Any) -> Any:
    return days.astype("M8[D]").astype("M8[M]").astype(np.int64)


_PARTS: dict[str, Callable[[Any], Any]] = {
    "year": lambda days: _months(days) // 12 + 1970,
    "quarter": lambda days: _months(days) % 12 // 3 + 1,
    "month": lambda days: _months(days) % 12 + 1,
    "day": lambda days: days - _months(days).astype("M8[M]").astype("M8[D]").astype(np.int64) + 1,
    "dayofyear": lambda days: days - days.astype("M8[D]").astype("M8[Y]").astype("M8[D]").astype(np.int64) + 1,
    # Sunday is 1.
    "dayofweek": lambda days: (days + 4) % 7 + 1,
    # Monday is 0.
    "weekday": lambda days: (days + 3) % 7,
    "hour": lambda instant: instant // (3600 * _SECOND) % 24,
    "minute": lambda instant: instant // (60 * _SECOND) % 60,
    "second": lambda instant: instant // _SECOND % 60,
}
PARTS = frozenset(_PARTS)


def part(rows: Rows, node: Node, value: Value) -> Value:
    """A part of a date or a time of day."""
    return rows.strict(from_numpy(_PARTS[node.op](numpy_of(value.data)), pa.int32(), value.data), (value,))


def moved(rows: Rows, node: Node, values: tuple[Value, ...]) -> Value:
    """A date some days away, or a timestamp a fixed time away."""
    start = numpy_of(values[0].data)
    if node.op == "moved":
        return rows.strict(from_numpy(start + node.value, arrow_type(node.type), values[0].data), values)
    days = numpy_of(values[1].data).astype(np.int64)
    # 32 bits go round, as Spark's do.
    result = (start + days if node.op == "date_add" else start - days).astype(np.int32).astype(np.int64)
    return rows.strict(from_numpy(result, pa.date32(), values[0].data, values[1].data), values)


def between(rows: Rows, node: Node, values: tuple[Value, ...]) -> Value:
    """DATEDIFF in days, and the interval between two moments."""
    end, start = numpy_of(values[0].data), numpy_of(values[1].data)
    given = (values[0].data, values[1].data)
    if node.op == "datediff":
        return rows.strict(from_numpy((end - start).astype(np.int32), pa.int32(), *given), values)
    length = end - start
    if node.args[0].type.name == "timestamp":
        return rows.strict(from_numpy(length, pa.int64(), *given), values)
    far = np.abs(length) > (2**63 - 1) // DAY
    data = from_numpy(np.where(far, 0, length) * DAY, pa.int64(), *given)
    return rows.strict(data, values, far, "overflow of an interval")
