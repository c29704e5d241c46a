"""The documents of a dataset as they are on a day: of each the newest row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse import tables
from lakehouse.declaration import Dataset
from lakehouse.storage import arrow_dataset


def places(dataset: Dataset, as_of: dt.date) -> pa.Table:
    """Which row of each document counts on a day: ``document_id``, ``partition``, in the order of the ids.

    The newest day of each; where a delivery is a snapshot, those of the newest delivery alone.
    """
    found = arrow_dataset.read(
        tables.documents(dataset), pc.field("partition") <= as_of, columns=("document_id", "partition")
    )
    if dataset.source.delivers == "snapshot" and len(found):
        return found.filter(pc.equal(found["partition"], pc.max(found["partition"]))).sort_by("document_id")
    newest = found.group_by("document_id").aggregate([("partition", "max")])
    return newest.rename_columns(["document_id", "partition"]).sort_by("document_id")


def read(dataset: Dataset, as_of: dt.date, columns: Sequence[str], kept: bool | None = None) -> pa.Table:
    """The documents that count on a day, in the order of their ids.

    Args:
        dataset: whose.
        as_of: the day.
        columns: of the documents' table.
        kept: only those that pass the filter, or only those that don't; None: all.
    """
    counting = places(dataset, as_of)
    wanted = list(dict.fromkeys((*columns, "document_id", "partition", "kept")))
    where = pc.field("partition") <= as_of
    if kept is not None:
        where &= pc.field("kept") == kept
    rows = arrow_dataset.read(tables.documents(dataset), where, columns=wanted)
    # The join of Arrow takes no column of long texts beside: the rows are taken by their places.
    at = rows.select(["document_id", "partition"]).append_column("row", pa.array(range(len(rows)), pa.int64()))
    joined = at.join(counting, ["document_id", "partition"], join_type="inner").sort_by("document_id")
    return rows.take(joined["row"]).select(list(columns))
