"""How many rows each rule and each fallback decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import UseCase
from lakehouse.declaration.rules import MODEL
from lakehouse.models import registry
from lakehouse.storage import arrow_dataset

# By ``decided_by``, and by name: the rows.
Counts = dict[str, dict[str, int]]


def count(use_case: UseCase, days: Sequence[dt.date]) -> Counts:
    """Of the champion's rows of these days; of the model under its own name. Empty for a use case without rules and fallbacks."""
    if not use_case.judged or not days:
        return {}
    where = arrow_dataset.among("partition", days) & (pc.field("role") == registry.CHAMPION)
    names = ["decided_by", "decided_by_name"]
    rows = arrow_dataset.read(tables.scores(use_case), where, columns=names)
    found: Counts = {}
    for line in rows.group_by(names).aggregate([([], "count_all")]).to_pylist():
        kind = line["decided_by"] or MODEL
        found.setdefault(kind, {})[line["decided_by_name"] or MODEL] = line["count_all"]
    return {kind: dict(sorted(by_name.items())) for kind, by_name in sorted(found.items())}
