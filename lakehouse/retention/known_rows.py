"""Tables that are read by what is known on a day, such as reference data: which of their days hold no row that still counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.storage import arrow_dataset
from lakehouse.tables import Table


def snapshot_in_force(present: Collection[dt.date], cutoff: dt.date) -> dt.date | None:
    """Of days that are each a whole table the one that is read on ``cutoff``; None where none is there by then."""
    return max((day for day in present if day <= cutoff), default=None)


def still_newest(table: Table, key: Sequence[str], days: Collection[dt.date], cutoff: dt.date) -> set[dt.date]:
    """Those of some days that hold, for some key, the row that is read on ``cutoff`` or later.

    Args:
        table: partitioned by ``partition``.
        key: the columns of the key, without the day.
        days: those that are asked about.
        cutoff: the first day that may be made again.
    """
    if not days:
        return set()
    rows = arrow_dataset.read(table, pc.field("partition") <= pa.scalar(cutoff), columns=[*key, "partition"])
    newest = rows.group_by(list(key)).aggregate([("partition", "max")]).column("partition_max")
    return set(pc.unique(newest).to_pylist()).intersection(days)
