"""The label of a source value, in Arrow: what `lakehouse.evaluation.labelled_rows.label_of` is in Spark."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.declaration import Label


def number_of(value: pa.ChunkedArray) -> pa.ChunkedArray:
    """The value as a double, as Spark casts it: true is 1, and a whole number beyond 2^53 the nearest double."""
    if pa.types.is_boolean(value.type):
        value = value.cast(pa.int8())
    return value.cast(pa.float64(), safe=False)


def value_of(value: pa.ChunkedArray, label: Label) -> pa.ChunkedArray:
    """The value as a double; of a label that ``is`` a value, which may be no number, the label."""
    return number_of(value) if label.is_value is None else label_of(value, label)


def label_of(value: pa.ChunkedArray, label: Label) -> pa.ChunkedArray:
    """The label as a double: 1 or 0 for a declared ``at_least`` or ``is``, else the value. Null and NaN are no label."""
    if label.is_value is not None:
        return pc.equal(value, pa.scalar(label.is_value)).cast(pa.int8()).cast(pa.float64())
    number = number_of(value)
    known = pc.if_else(pc.is_nan(number), pa.scalar(None, pa.float64()), number)
    if label.at_least is None:
        return known
    return pc.greater_equal(known, pa.scalar(float(label.at_least))).cast(pa.int8()).cast(pa.float64())


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column of doubles, NaN where it is null."""
    return np.asarray(column.to_numpy(), dtype=np.float64)
