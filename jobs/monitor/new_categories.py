"""Levels of categories that a model's training did not have: which, and in how many rows of a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.reserved_names import LEVEL
from lakehouse.evaluation.category_distribution import CategoryDistribution
from lakehouse.storage import arrow_dataset

KIND: Literal["new category"] = "new category"

# So many levels of a day and feature are kept by name, the most frequent; the number of rows is that of all.
NAMED = 100
# So many are gathered from a part of a day's rows: whatever a column holds, it must fit into memory.
GATHERED = 10_000

# By feature and day the number of rows of each new level.
NewLevels = Mapping[str, Mapping[dt.date, Mapping[str, int]]]


def of_rows(rows: pa.Table, bins: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """The rows of each new level of each category; empty when no feature is one."""
    found = {
        name: item.new_levels(rows.column(name))
        for name, item in bins.items()
        if isinstance(item, CategoryDistribution)
    }
    return {name: Counter(dict(most_frequent(levels, GATHERED))) for name, levels in found.items()}


def lines(name: str, levels: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """The lines of the drift counts for a feature's new levels of a day."""
    for place, (level, rows) in enumerate(most_frequent(levels, NAMED)):
        yield {"name": name, "bin": place, "rows": rows, LEVEL: level}


def read(use_case: UseCase, version: int, days: Collection[dt.date]) -> NewLevels:
    """Those of the drift counts of these days by a model version, which are up to date; nothing where no feature is a category."""
    if not use_case.category_names:
        return {}
    where = arrow_dataset.among("partition", days) & (pc.field("model_version") == version) & (pc.field("kind") == KIND)
    found: dict[str, dict[dt.date, dict[str, int]]] = {}
    for row in arrow_dataset.read(tables.drift_counts(use_case), where).sort_by("bin").to_pylist():
        found.setdefault(row["name"], {}).setdefault(row["partition"], {})[row[LEVEL]] = row["rows"]
    return found


def most_frequent(levels: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """So many levels with their rows; of equally frequent ones the first in their order."""
    return sorted(levels.items(), key=lambda item: (-item[1], item[0]))[:most]
