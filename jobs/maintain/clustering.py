"""The days of a table whose files overlap: a reader of one value has to open them all.

Read from the log's statistics alone.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

from lakehouse.storage import delta_log
from lakehouse.tables import Table


def crossed_days(table: Table) -> set[dt.date]:
    """The days in which two files hold values of ``clustered_by`` that overlap; none without statistics.

    A value may be the last of one file and the first of the next: a sorted day has such borders.
    """
    if table.clustered_by is None:
        return set()
    actions = delta_log.opened(table).get_add_actions(flatten=True)
    columns: dict[str, Any] = {name: actions.column(name).to_pylist() for name in actions.schema.names}
    lows, highs = (columns.get(f"{bound}.{table.clustered_by}", []) for bound in ("min", "max"))
    ranges: dict[tuple[Any, ...], list[tuple[Any, Any]]] = {}
    for index, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if low is not None and high is not None:
            where = tuple(columns[f"partition.{name}"][index] for name in table.partition_by)
            ranges.setdefault(where, []).append((low, high))
    day = table.partition_by.index("partition")
    return {
        where[day]
        for where, bounds in ranges.items()
        if any(after[0] < before[1] for before, after in pairwise(sorted(bounds)))
    }
