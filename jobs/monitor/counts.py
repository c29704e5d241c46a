"""Rows counted by bin: all that the drift statistics need of the data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.evaluation import blocks
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.evaluation.drift_profile import Distribution

Counts = NDArray[np.int64]
# By column name and day: rows in each bin, null last.
DailyCounts = Mapping[str, Mapping[dt.date, Counts]]


def by_bin(values: NDArray[np.float64], distribution: Distribution) -> Counts:
    """How many of the values lie in each bin, as ``Distribution.bins`` numbers them; NaN in the last.

    A bin's edges are few, so the values above each are counted: of ten million values and nine edges in 0.03 s, while a search
    of each value's bin takes 0.2 s and counting what it found as long again.
    """
    above = np.zeros(len(distribution.edges) + 1, dtype=np.int64)
    unknown, mask = 0, np.empty(min(blocks.ROWS, len(values)), dtype=np.bool_)
    for rows in blocks.of(len(values)):
        block = values[rows]
        found = mask[: len(block)]
        unknown += int(np.count_nonzero(np.not_equal(block, block, out=found)))
        for number, edge in enumerate(distribution.edges):
            above[number] += np.count_nonzero(np.greater(block, edge, out=found))
    at_least = np.concatenate([[len(values) - unknown], above])
    return np.append(at_least[:-1] - at_least[1:], unknown)


def none(distribution: Distribution | CategoryDistribution) -> Counts:
    """Of no rows."""
    return np.zeros(distribution.width, dtype=np.int64)


def of_columns(rows: pa.Table, distributions: Mapping[str, Distribution | CategoryDistribution]) -> dict[str, Counts]:
    """How many rows are in each bin of each named column: ``by_bin`` of a number (double; null counts as NaN)."""
    counts = {}
    for name, distribution in distributions.items():
        if isinstance(distribution, CategoryDistribution):
            counts[name] = distribution.counted(rows.column(name))
            continue
        parts = [by_bin(values, distribution) for values in _blocks(rows.column(name))]
        counts[name] = np.sum(parts, axis=0) if parts else none(distribution)
    return counts


def _blocks(column: pa.ChunkedArray) -> Iterator[NDArray[np.float64]]:
    """The values, some at a time: those of a column with nulls are copied, and counted while they are in a core's cache."""
    for chunk in column.chunks:
        for rows in blocks.of(len(chunk)):
            yield chunk[rows].to_numpy(zero_copy_only=False)


def window(counts: Mapping[dt.date, Counts], days: Iterable[dt.date]) -> tuple[int, Counts | None]:
    """The number of these days that have rows, and their counts added up; None when there is no such day."""
    present = [counts[day] for day in days if day in counts]
    return len(present), sum(present[1:], start=present[0]) if present else None
