"""Which of the checked rows count: of each key and day the last good one, by one total order of all that was delivered."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.contract_checks import REASONS
from lakehouse import tables
from lakehouse.declaration import Source

# Added to checked rows: whether the row is in silver; whether its key comes again later in the same delivery.
CURRENT, SUPERSEDED = "_current", "_superseded"

# Arrival first; two deliveries do not arrive at once, but a file's name and a line within it decide within one.
ORDER = ("ingested_at", "delivery_id", "delivered_file", "line")


def mark(checked: pa.Table, source: Source) -> pa.Table:
    """Add ``_current`` and ``_superseded``. Of a source that delivers snapshots only a day's last delivery counts."""
    good = np.flatnonzero(pc.is_null(checked.column(REASONS)).to_numpy())
    rows = checked.select([*dict.fromkeys((*source.key, "partition", *ORDER))]).take(good)
    order = pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in ORDER])
    rank = np.empty(len(good), dtype=np.int64)
    rank[order.to_numpy()] = np.arange(len(good))
    ranked = rows.append_column("_rank", pa.array(rank))
    last = _last(ranked, [*source.key, "partition"])
    if source.delivers == "snapshot":
        last &= _of_last_delivery(checked).take(good).to_numpy(False)
    current, superseded = np.zeros(len(checked), dtype=bool), np.zeros(len(checked), dtype=bool)
    current[good] = last
    superseded[good] = ~_last(ranked, [*source.key, "partition", "delivery_id"])
    return checked.append_column(CURRENT, pa.array(current)).append_column(SUPERSEDED, pa.array(superseded))


def silver_rows(marked: pa.Table, source: Source) -> pa.Table:
    """The rows of the silver table: one a key and partition."""
    return marked.filter(marked.column(CURRENT)).select(list(tables.silver(source).column_names))


def reject_rows(marked: pa.Table, source: Source) -> pa.Table:
    """The rows of the rejects table."""
    rejected = marked.filter(pc.is_valid(marked.column(REASONS)))
    return rejected.append_column("reasons", pc.binary_join(rejected.column(REASONS), "; ")).select(
        list(tables.rejects(source).column_names)
    )


def _last(ranked: pa.Table, by: list[str]) -> np.ndarray:
    """Whether each row has the greatest rank of its group."""
    greatest = np.zeros(len(ranked), dtype=bool)
    greatest[ranked.group_by(by).aggregate([("_rank", "max")]).column("_rank_max").to_numpy()] = True
    return np.asarray(greatest[ranked.column("_rank").to_numpy()])


def _of_last_delivery(checked: pa.Table) -> pa.ChunkedArray:
    """Whether each row is of the delivery that arrived last for its day, whatever became of its rows."""
    arrivals = checked.group_by("partition").aggregate([("ingested_at", "max")])
    places = pc.index_in(checked.column("partition"), value_set=arrivals.column("partition").combine_chunks())
    return pc.equal(checked.column("ingested_at"), arrivals.column("ingested_at_max").take(places))
