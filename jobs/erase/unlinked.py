"""Rows of sources that an erasure does not reach and that have its values under the same names: nobody has declared them a link.

They stay. Who erases is told, and may declare the subject (docs/erasure.md).
"""

from __future__ import annotations

import pyarrow.compute as pc

from jobs.erase.reach import Reach
from jobs.erase.subject import Subject
from lakehouse import tables
from lakehouse.declaration import Source, loader
from lakehouse.storage import arrow_dataset


def found(reach: Reach) -> dict[str, int]:
    """By table how many rows of silver have all values of the subject, in columns of the same names and types."""
    reached = reach.by_source
    counts: dict[str, int] = {}
    for _, source in loader.sources():
        if source.name not in reached:
            table = tables.silver(source)
            most = max((_rows(one, source) for one in reach.subjects if _alike(one, source)), default=0)
            if most:
                counts[table.full_name] = most
    return counts


def _alike(one: Subject, source: Source) -> bool:
    return {part.name: part.column.type for part in one.parts}.items() <= source.column_types.items()


def _rows(one: Subject, source: Source) -> int:
    rows = arrow_dataset.read(tables.silver(source), columns=list(one.columns))
    return pc.sum(one.typed(rows)).as_py() or 0
