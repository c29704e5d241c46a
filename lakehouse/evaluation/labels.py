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
    """The value as a double; the label, where that ``is`` a value or has classes, which may be no numbers."""
    return number_of(value) if is_number(label) else label_of(value, label)


def is_number(label: Label) -> bool:
    """Whether the value that the label is made of is a number, or is taken for one."""
    return label.is_value is None and not (label.classes and isinstance(label.classes[0], str))


def label_of(value: pa.ChunkedArray, label: Label) -> pa.ChunkedArray:
    """The label as a double: 1 or 0 for a declared ``at_least`` or ``is``, the number of a class, else the value.

    Null and NaN are no label, and neither is a value that is not among the declared classes.
    """
    if label.classes:
        return pc.index_in(value, value_set=pa.array(label.classes, value.type)).cast(pa.float64())
    if label.is_value is not None:
        return pc.equal(value, pa.scalar(label.is_value)).cast(pa.int8()).cast(pa.float64())
    number = number_of(value)
    known = pc.if_else(pc.is_nan(number), pa.scalar(None, pa.float64()), number)
    if label.at_least is None:
        return known
    return pc.greater_equal(known, pa.scalar(float(label.at_least))).cast(pa.int8()).cast(pa.float64())


def class_of(value: pa.ChunkedArray) -> pa.ChunkedArray:
    """The value of a label of several classes as a text, whether it is a declared class or not."""
    return value.cast(pa.string())


def floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column of doubles, NaN where it is null."""
    return np.asarray(column.to_numpy(), dtype=np.float64)
