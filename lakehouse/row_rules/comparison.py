"""Comparisons. As in Spark, NaN equals itself and is larger than every other double, and texts compare by their bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.row_rules.values import from_numpy, numpy_of

_PLAIN = {"=": pc.equal, "<>": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}


def compare(sign: str, left: Any, right: Any) -> Any:
    """The booleans of a comparison; null where either side is."""
    if pa.types.is_boolean(left.type):
        left, right = left.cast(pa.int8()), right.cast(pa.int8())
    if not pa.types.is_floating(left.type):
        return _PLAIN[sign](left, right)
    one, other = numpy_of(left), numpy_of(right)
    nan, other_nan = np.isnan(one), np.isnan(other)
    if not (nan.any() or other_nan.any()):
        return _PLAIN[sign](left, right)
    equal = (one == other) | (nan & other_nan)
    smaller = (one < other) | (~nan & other_nan)
    result = {"=": equal, "<>": ~equal, "<": smaller, "<=": smaller | equal, ">": ~(smaller | equal), ">=": ~smaller}[
        sign
    ]
    return from_numpy(result, pa.bool_(), left, right)


def less(left: Any, right: Any) -> Any:
    """Where the left is the smaller."""
    return compare("<", left, right)
