"""How many rows each rule and each fallback decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.rules import FALLBACK, MODEL
from lakehouse.models import registry
from lakehouse.storage import arrow_dataset

# By ``decided_by``, and by name: the rows.
Counts = dict[str, dict[str, int]]


def count(use_case: UseCase, days: Sequence[dt.date]) -> Counts:
    """Of the champion's rows of these days; of the model under its own name. Empty for a use case without rules and fallbacks."""
    found: Counts = {}
    for line in _lines(use_case, days, "decided_by", "decided_by_name"):
        kind = line["decided_by"] or MODEL
        found.setdefault(kind, {})[line["decided_by_name"] or MODEL] = line["count_all"]
    return {kind: dict(sorted(by_name.items())) for kind, by_name in sorted(found.items())}


def fallbacks(use_case: UseCase, days: Sequence[dt.date]) -> dict[str, dict[str, int]]:
    """How many of the champion's rows each fallback decided, by day and name; only days on which one did."""
    found: dict[str, dict[str, int]] = {}
    for line in _lines(use_case, days, "partition", "decided_by", "decided_by_name"):
        if line["decided_by"] == FALLBACK:
            found.setdefault(str(line["partition"]), {})[line["decided_by_name"]] = line["count_all"]
    return {day: dict(sorted(by_name.items())) for day, by_name in sorted(found.items())}


def _lines(use_case: UseCase, days: Sequence[dt.date], *names: str) -> list[dict[str, Any]]:
    """The number of the champion's rows of these days by these columns."""
    if not use_case.judged or not days:
        return []
    where = arrow_dataset.among("partition", days) & (pc.field("role") == registry.CHAMPION)
    rows = arrow_dataset.read(tables.scores(use_case), where, columns=list(names))
    lines: list[dict[str, Any]] = rows.group_by(list(names)).aggregate([([], "count_all")]).to_pylist()
    return lines
