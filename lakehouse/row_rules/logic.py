"""What is lazy: a part that is not needed may fail without harm. As in Spark's SQL, parts are looked at from left to right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.row_rules.comparison import less
from lakehouse.row_rules.values import Codes, Mask, Rows, Value, as_mask, without


def _merged(value: Value, rest: Value, needs_rest: Mask) -> Codes | None:
    """The failures of a part, and those of the rest in the rows that need it."""
    if value.failure is None and rest.failure is None:
        return None
    later = np.where(needs_rest, rest.failure, 0) if rest.failure is not None else np.zeros(len(needs_rest))
    return np.where(value.failed, value.failure if value.failure is not None else 0, later).astype(np.int32)


def joined(rows: Rows, op: str, left: Value, right: Value) -> Value:
    """AND and OR of two conditions."""
    kleene, decided = (pc.and_kleene, pc.invert(left.data)) if op == "and" else (pc.or_kleene, left.data)
    data = kleene(left.data, right.data)
    failure = _merged(left, right, ~as_mask(decided))
    return Value(data if failure is None else without(data, failure != 0), failure)


def chosen(rows: Rows, when: Value, then: Value, otherwise: Value) -> Value:
    """One branch of CASE."""
    true = as_mask(when.data)
    data = pc.if_else(pa.array(true), then.data, otherwise.data)
    branches = Value(
        data, _merged(Value(data, None if then.failure is None else np.where(true, then.failure, 0)), otherwise, ~true)
    )
    failure = _merged(when, branches, ~when.failed)
    return Value(data if failure is None else without(data, failure != 0), failure)


def first(rows: Rows, value: Value, rest: Value) -> Value:
    """COALESCE of a value and the rest."""
    failure = _merged(value, rest, ~value.present)
    data = pc.coalesce(value.data, rest.data)
    return Value(data if failure is None else without(data, failure != 0), failure)


def extreme(rows: Rows, op: str, left: Value, right: Value) -> Value:
    """GREATEST and LEAST of two; null is neither."""
    smaller = less(left.data, right.data) if op == "least" else less(right.data, left.data)
    data: Any = pc.coalesce(pc.if_else(smaller.fill_null(False), left.data, right.data), left.data, right.data)
    failure = _merged(left, right, np.ones(rows.count, dtype=bool))
    return Value(data if failure is None else without(data, failure != 0), failure)


def same(rows: Rows, left: Value, right: Value, equal: Value) -> Value:
    """The comparison <=>: two nulls are the same."""
    data = pc.if_else(
        pc.or_(pc.is_null(left.data), pc.is_null(right.data)),
        pc.and_(pc.is_null(left.data), pc.is_null(right.data)),
        equal.data,
    )
    failure = _merged(left, right, np.ones(rows.count, dtype=bool))
    return Value(data if failure is None else without(data, failure != 0), failure)
